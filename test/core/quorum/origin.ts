import t from 'tap'
import { holderOfClient } from '../../../src/core/holdings.ts'
import type { NodeId } from '../../../src/core/ids.ts'
import { nothingDone } from '../../../src/core/outcome.ts'
import { answerPut, failed, replyTo } from '../../../src/core/quorum/origin.ts'
import type { Caller } from '../../../src/core/step.ts'

const failure = { code: 'BUSY', message: 'busy', outcome: nothingDone(2) } as const

t.test('a client is answered on its connection, a node with what it forwarded', async t => {
  const client = {
    type: 'client',
    caller: 7 as Caller,
    holder: holderOfClient('c'),
    id: 3,
  } as const
  const peer = { type: 'peer', node: 'n2' as NodeId, id: 4 } as const
  const reply = failed(client, failure)
  t.same(reply, { type: 'failed', id: 3, failure })
  t.same(replyTo(client, reply), { type: 'reply', caller: 7, reply })
  t.same(answerPut(client, reply), { type: 'reply', caller: 7, reply })
  t.same(answerPut(peer, failed(peer, failure)), {
    type: 'send',
    to: 'n2',
    message: { type: 'forwarded', id: 4, reply: { type: 'failed', id: 4, failure } },
  })
})
