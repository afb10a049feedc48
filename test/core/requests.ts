import t from 'tap'
import type { Instant, NodeId } from '../../src/core/ids.ts'
import { type Coordination, Requests } from '../../src/core/requests.ts'

const now = 0 as Instant
const node = 'n1' as NodeId

function coordination(events: string[], over = false): Coordination {
  return {
    answered: from => void events.push(`answered ${from}`),
    lost: from => void events.push(`lost ${from}`),
    tick: () => void events.push('tick'),
    over: () => over,
  }
}

t.test('answers find their request; an answer to nobody is dropped', async t => {
  const requests = new Requests(41)
  const events: string[] = []
  const id = requests.newId()
  t.equal(id, 42)
  requests.add(id, coordination(events))
  const stored = { type: 'stored', whole: true, refused: undefined } as const
  requests.answered(node, { ...stored, id }, now, [])
  requests.answered(node, { ...stored, id: id + 1 }, now, [])
  t.same(events, ['answered n1'])
})

t.test('what is over is forgotten', async t => {
  const requests = new Requests(0)
  requests.add(requests.newId(), coordination([], true))
  requests.add(requests.newId(), coordination([]))
  requests.lost(node, now, [])
  t.equal(requests.size, 1)
  requests.tick(now, [])
  t.equal(requests.size, 1)
})

t.test('the table has a bound', async t => {
  const requests = new Requests(0)
  while (requests.room) requests.add(requests.newId(), coordination([]))
  t.equal(requests.size, 16_384)
})
