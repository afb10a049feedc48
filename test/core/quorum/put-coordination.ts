import t from 'tap'
import type { Instant, NodeId, OpId } from '../../../src/core/ids.ts'
import { nothingDone } from '../../../src/core/outcome.ts'
import { PutCoordination } from '../../../src/core/quorum/put-coordination.ts'
import type { Caller, Effect } from '../../../src/core/step.ts'

const nodes = ['a', 'b', 'c'] as NodeId[]
const now = 0 as Instant

function start(): PutCoordination {
  return new PutCoordination({ type: 'client', caller: 1 as Caller, id: 9 }, nodes, {
    needed: 2,
    deadline: 100 as Instant,
    dot: undefined,
    op: 'o'.repeat(12) as OpId,
    context: new Uint8Array([1]),
    siblings: 0,
    generation: 0,
  })
}

t.test('replies once, at W, and is over when all have answered', async t => {
  const put = start()
  const out: Effect[] = []
  const ack = { type: 'stored', id: 1, whole: true, refused: undefined } as const
  put.stored(nodes[0]!, now, out)
  t.equal(out.length, 0)
  put.answered(nodes[1]!, ack, now, out)
  t.equal(out.length, 1)
  const [effect] = out
  if (effect?.type !== 'reply' || effect.reply.type !== 'wrote') throw new Error('no reply')
  t.same(effect.reply.outcome.primaryAcks, ['a', 'b'])
  t.equal(put.over(now), false)
  put.answered(nodes[2]!, ack, now, out)
  t.equal(put.over(now), true)
  t.equal(out.length, 1)
})

t.test('a refusal is named in the failure', async t => {
  const put = start()
  const out: Effect[] = []
  const refused = { code: 'STORE_FULL', message: 'no space', outcome: nothingDone(0) } as const
  put.answered(nodes[0]!, { type: 'stored', id: 1, whole: true, refused }, now, out)
  put.lost(nodes[1]!, now, out)
  const [effect] = out
  if (effect?.type !== 'reply' || effect.reply.type !== 'failed') throw new Error('no failure')
  t.match(effect.reply.failure.message, /no space/)
})
