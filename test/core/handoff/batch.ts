import t from 'tap'
import { Batch } from '../../../src/core/handoff/batch.ts'
import type { Instant, NodeId } from '../../../src/core/ids.ts'

const at = (ms: number) => ms as Instant
const owner = 'n2' as NodeId

function start() {
  const ended: boolean[] = []
  const batch = new Batch(owner, at(100), handed => ended.push(handed))
  return { batch, ended }
}
const answer = { type: 'handed', id: 1, whole: true, foreground: 0, refused: undefined } as const

t.test('it ends once: with the ack of its owner', async t => {
  const { batch, ended } = start()
  batch.answered('n3' as NodeId, answer, at(1), [])
  t.equal(batch.over(), false, 'another node answers')
  batch.answered(owner, answer, at(1), [])
  batch.lost(owner, at(2), [])
  t.same(ended, [true])
  t.equal(batch.over(), true)
})

t.test('or with its loss, or its deadline', async t => {
  const lost = start()
  lost.batch.lost('n3' as NodeId, at(1), [])
  lost.batch.lost(owner, at(1), [])
  t.same(lost.ended, [false])
  const late = start()
  late.batch.tick(at(99), [])
  late.batch.tick(at(100), [])
  t.same(late.ended, [false])
})
