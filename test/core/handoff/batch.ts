import t from 'tap'
import { Batch } from '../../../src/core/handoff/batch.ts'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { nothingDone } from '../../../src/core/outcome.ts'

const at = (ms: number) => ms as Instant
const owner = 'n2' as NodeId

function start() {
  const ended: (readonly number[] | undefined)[] = []
  const batch = new Batch(owner, at(100), end => ended.push(end?.left))
  return { batch, ended }
}
const told = { whole: true, foreground: 0, refused: undefined, left: [] } as const
const answer = { type: 'handed', id: 1, ...told } as const

t.test('it ends once: with the ack of its owner', async t => {
  const { batch, ended } = start()
  batch.answered('n3' as NodeId, answer, at(1), [])
  t.equal(batch.over(), false, 'another node answers')
  batch.answered(owner, answer, at(1), [])
  batch.lost(owner, at(2), [])
  t.same(ended, [[]])
  t.equal(batch.over(), true)
})

t.test('or with its loss, or its deadline', async t => {
  const lost = start()
  lost.batch.lost('n3' as NodeId, at(1), [])
  lost.batch.lost(owner, at(1), [])
  t.same(lost.ended, [undefined])
  const late = start()
  late.batch.tick(at(99), [])
  late.batch.tick(at(100), [])
  t.same(late.ended, [undefined])
})

t.test('it says which copies were refused, and of none that it was taken if all were', async t => {
  const failure = { code: 'BUSY', message: 'no', outcome: nothingDone(0) } as const
  const some = start()
  some.batch.answered(owner, { ...answer, refused: failure, left: [1] }, at(1), [])
  t.same(some.ended, [[1]])
  const all = start()
  all.batch.answered(owner, { ...answer, refused: failure }, at(1), [])
  t.same(all.ended, [undefined])
})
