import t from 'tap'
import { Checkpoints } from '../../../src/core/entropy/checkpoints.ts'
import { decodeMarker, markerRowKey } from '../../../src/core/entropy/tree-rows.ts'
import { nodeHash } from '../../../src/node/hash.ts'

t.test('one marker a commit, for the blocks that it is the first to change', async t => {
  const checkpoints = new Checkpoints(nodeHash, undefined)
  const first = checkpoints.mark([1, 2])!
  t.same(decodeMarker(nodeHash, first.value!), [1, 2])
  t.same(decodeMarker(nodeHash, checkpoints.mark([2, 3])!.value!), [3])
  t.equal(checkpoints.mark([1, 3]), undefined)
  t.equal(checkpoints.marked, 3)
})

t.test('a round stores a few blocks a commit; markers go with the last', async t => {
  const checkpoints = new Checkpoints(nodeHash, 20)
  const marker = checkpoints.mark(Array.from({ length: 20 }, (_, i) => i))!
  checkpoints.begin(19, false)
  t.same(checkpoints.store(false), { blocks: [], removed: [] }, 'too early')
  checkpoints.begin(1, false)
  t.equal(checkpoints.store(false).blocks.length, 8)
  const later = checkpoints.mark([4])
  t.ok(later, 'what changes during a round has a marker of the next')
  t.equal(checkpoints.store(false).blocks.length, 8)
  t.same(checkpoints.store(false), { blocks: [16, 17, 18, 19], removed: [marker.key] })
  checkpoints.begin(0, true)
  t.same(checkpoints.store(true), { blocks: [4], removed: [later!.key] })
})

t.test('what an earlier start left is stored and removed like its own', async t => {
  const checkpoints = new Checkpoints(nodeHash, 1)
  checkpoints.found(markerRowKey(7, 0), 7, [5])
  const marker = checkpoints.mark([6])!
  t.equal(marker.key, markerRowKey(8, 0))
  checkpoints.begin(1, false)
  t.same(checkpoints.store(false), { blocks: [5, 6], removed: [markerRowKey(7, 0), marker.key] })
})
