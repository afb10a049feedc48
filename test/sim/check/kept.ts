/** I1: an acknowledged write is live, reaped, or an ancestor of one that is. */
import t from 'tap'
import { keptChecker } from '../../../src/sim/check/kept.ts'
import { mayBeBefore, type Write } from '../../../src/sim/history.ts'
import { holding, n1, n2, n3, TestScene } from '../../helpers/scene.ts'

/** The writes were acknowledged; on all disks this is live, and all that is not is covered. */
function endsWith(scene: TestScene, written: readonly Write[], live: readonly Write[]) {
  for (const write of written) write.acknowledged = true
  const all = holding(...written)
  const versions = all.versions.filter(({ op }) => live.some(write => write.op === op))
  for (const node of [n1, n2, n3]) scene.durable(node, { ...all, versions })
  scene.checker.atRest?.()
  return scene.failures
}

t.test('a write that nobody had seen may not go', async t => {
  const scene = new TestScene(keptChecker)
  const [first, second] = [scene.write(), scene.write()]
  t.match(endsWith(scene, [first, second], [second]), [/^I1: c1.1 was acknowledged/])
})

t.test('an ancestor of what is live may go, and what was reaped', async t => {
  const scene = new TestScene(keptChecker)
  const first = scene.write()
  const second = scene.write([first])
  const third = scene.write([second])
  t.same(endsWith(scene, [first, second, third], [third]), [])
  const reaped = new TestScene(keptChecker)
  const put = reaped.write()
  const deleted = reaped.write([put])
  reaped.history.reap(deleted, 0)
  t.same(endsWith(reaped, [put, deleted], []), [])
})

t.test('two operations that superseded each other may not both go', async t => {
  const scene = new TestScene(keptChecker)
  const [first, second] = [scene.write(), scene.write()]
  // Known-bad 630: each was sent again where the other had landed, and then shown it.
  scene.history.shownMore(first, [second])
  scene.history.shownMore(second, [first])
  t.ok(mayBeBefore(first, second) && mayBeBefore(second, first))
  // "Superseded by somebody" holds of both: it is not enough.
  t.match(endsWith(scene, [first, second], []), [/^I1: c1.1 /, /^I1: c1.2 /])
})

t.test('what an operation saw is the union of what its tries were shown', async t => {
  const scene = new TestScene(keptChecker)
  const [put, other] = [scene.write(), scene.write()]
  // It saw the first try; a second one was shown the other write.
  const later = scene.write([put])
  const latest = scene.write([later])
  scene.history.shownMore(put, [other])
  t.same(endsWith(scene, [put, other, later, latest], [latest]), [])
  t.notOk(mayBeBefore(latest, other))
})

t.test('what one try was not shown may stay beside it', async t => {
  const scene = new TestScene(keptChecker)
  const [put, other] = [scene.write(), scene.write()]
  scene.history.shownMore(put, [other])
  t.same(endsWith(scene, [put, other], [put, other]), [], 'the first try took effect')
})
