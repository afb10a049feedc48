import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { watchCircle, watchedBy, watchedMax } from '../../../src/core/membership/watch.ts'
import { nodeHash } from '../../helpers/hash.ts'

const ids = (count: number) => Array.from({ length: count }, (_, i) => `n${i + 1}` as NodeId)

t.test('in a small cluster everybody watches everybody', async t => {
  const circle = watchCircle(nodeHash, ids(5))
  for (const id of ids(5)) {
    t.same(
      [...watchedBy(id, circle, () => false)].sort(),
      ids(5).filter(other => other !== id),
    )
  }
})

t.test('in a large one each watches a few and is watched by as many', async t => {
  const circle = watchCircle(nodeHash, ids(100))
  t.same(watchCircle(nodeHash, ids(100).reverse()), circle, 'in whatever order they are listed')
  const watchers = new Map<NodeId, number>()
  for (const id of circle) {
    const watched = watchedBy(id, circle, () => false)
    t.equal(watched.length, watchedMax)
    for (const one of watched) watchers.set(one, (watchers.get(one) ?? 0) + 1)
  }
  t.same([...new Set(watchers.values())], [watchedMax])
})

t.test('who is down does not count: a living one is found behind it', async t => {
  const circle = watchCircle(nodeHash, ids(100))
  const down = new Set(circle.slice(1, 6))
  const watched = watchedBy(circle[0]!, circle, id => down.has(id))
  t.equal(watched.length, watchedMax + 5)
  t.equal(watchedBy(circle[0]!, circle, () => true).length, 32, 'but not for ever')
})
