import t from 'tap'
import { uint48Of } from '../../../src/core/binary.ts'
import type { Epoch, Instant, OpId, Partition } from '../../../src/core/ids.ts'
import { claim } from '../../../src/core/ring/claim.ts'
import { KnownCluster } from '../../../src/core/session/known-cluster.ts'
import {
  five,
  key,
  memberOf,
  node,
  seededRandom,
  testHash,
  viewOf,
} from '../../helpers/session-world.ts'

const at = (ms: number) => ms as Instant
const epoch = 'epoch-02' as Epoch

t.test('knows nothing before a view', async t => {
  const cluster = new KnownCluster(testHash)
  t.equal(cluster.partitionOf(key('k')), undefined)
  t.same(cluster.preferenceList(0 as Partition), [])
  t.same(cluster.members(), [])
})

t.test('the ring is the one that every node computes from the same view', async t => {
  const cluster = new KnownCluster(testHash)
  const view = viewOf(five)
  t.equal(cluster.adopt(at(0), view), true)
  t.equal(cluster.adopt(at(5), { ...view }), false, 'the same view is no news')
  const ring = claim(testHash, view.members, view.settings)
  for (let p = 0; p < 16; p++) {
    t.same(cluster.preferenceList(p as Partition), ring.lists[p])
    t.same(cluster.fallbacks(p as Partition), ring.fallbacks[p])
  }
  t.equal(cluster.adopt(at(9), viewOf(five.slice(1), { epoch })), true)
  t.equal(cluster.epoch, epoch)
  t.equal(cluster.member(node('n1')), undefined)
  for (let p = 0; p < 16; p++) t.notOk(cluster.preferenceList(p as Partition).includes(node('n1')))
})

t.test('a view of which no ring can be made is not taken', async t => {
  const { settings, members } = viewOf(five)
  const bad = [
    viewOf(five.slice(0, 2)),
    viewOf(five, { settings: { ...settings, partitions: 100 } }),
    viewOf(five, { settings: { ...settings, replicas: 0 } }),
    viewOf(five, { members: [...members, memberOf('n1')] }),
    viewOf(five, { members: members.map(member => ({ ...member, weight: 0 })) }),
  ]
  for (const view of bad) {
    const cluster = new KnownCluster(testHash)
    t.equal(cluster.adopt(at(0), view), false)
    t.equal(cluster.view, undefined)
  }
})

t.test('operation ids: the time that the view tells as it goes on, then random bytes', async t => {
  const cluster = new KnownCluster(testHash)
  cluster.adopt(at(100), viewOf(five, { time: 5000 }))
  const random = seededRandom(1)
  const [a, b] = [cluster.ops.draw(at(100.7), random), cluster.ops.draw(at(350), random)]
  t.equal(uint48Of(a), 5000)
  t.equal(uint48Of(b), 5250)
  t.not(a.slice(6), b.slice(6))
  t.equal(a.length, 12)
})

t.test('the highest generation of each partition is remembered', async t => {
  const cluster = new KnownCluster(testHash)
  const [p, q] = [3 as Partition, 4 as Partition]
  cluster.sawGeneration(p, 2)
  cluster.sawGeneration(p, 1)
  cluster.sawGeneration(undefined, 9)
  t.equal(cluster.generation(p), 2)
  t.equal(cluster.generation(q), 0)
  t.equal(cluster.generation(undefined), 0)
})

t.test('a put that is sent again says what was known when it was first sent', async t => {
  const cluster = new KnownCluster(testHash)
  const p = 3 as Partition
  const [a, b] = ['a'.repeat(12), 'b'.repeat(12)] as [OpId, OpId]
  cluster.sawGeneration(p, 2)
  t.equal(cluster.stampOf(a, p, true), 2)
  cluster.sawGeneration(p, 5)
  t.equal(cluster.stampOf(a, p, false), 2, 'it may have been deleted and reaped since')
  t.equal(cluster.stampOf(a, p, true), 5, 'refused for certain, and sent as if for the first time')
  t.equal(cluster.stampOf(a, p, false), 5)
  t.equal(cluster.stampOf(b, p, false), 0, 'of another process')
  t.equal(cluster.stampOf(undefined, p, true), 0, 'no put')
  for (let i = 0; i < 5000; i++) cluster.stampOf(`${i}`.padStart(12, '-') as OpId, p, true)
  t.equal(cluster.stampOf(a, p, false), 0, 'long ago')
})
