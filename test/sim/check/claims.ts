import t from 'tap'
import { claimsChecker } from '../../../src/sim/check/claims.ts'
import { holding, n1, n4, TestScene } from '../../helpers/scene.ts'

t.test('a get that misses a put acknowledged before it began', async t => {
  const scene = new TestScene(claimsChecker)
  const write = scene.write()
  scene.put(write, 0, 10)
  scene.get([write], 11, 20)
  scene.get([], 5, 20)
  t.same(scene.failures, [], 'shown, or asked for before the put was acknowledged')
  scene.get([], 11, 20)
  t.same(scene.failures, [
    'I4: c1 was shown {} and not c1.1, nor what superseded it; c1 was told that it is written 1.0 ms before',
  ])
})

t.test('what superseded it is as good; what is beside it is not', async t => {
  const scene = new TestScene(claimsChecker)
  const first = scene.write()
  const second = scene.write([first])
  const third = scene.write([second])
  scene.put(first, 0, 10)
  scene.get([third], 11, 20)
  t.same(scene.failures, [])
  scene.get([scene.write()], 11, 20)
  t.equal(scene.failures.length, 1)
})

t.test('where a fallback counted to one of the two, nothing is claimed', async t => {
  for (const [put, get] of [
    [{ fallbackAcks: [n4] }, {}],
    [{}, { fallbackAcks: [n4] }],
  ]) {
    const scene = new TestScene(claimsChecker)
    scene.put(scene.write(), 0, 10, put)
    scene.get([], 11, 20, get)
    t.same(scene.failures, [])
  }
})

t.test('strict calls claim it whoever answered besides', async t => {
  const scene = new TestScene(claimsChecker)
  scene.put(scene.write(), 0, 10, { fallbackAcks: [n4], strict: true })
  scene.get([], 11, 20, { fallbackAcks: [n4], strict: true })
  t.equal(scene.failures.length, 1)
})

t.test('quorums that need not meet claim nothing', async t => {
  const scene = new TestScene(claimsChecker)
  scene.put(scene.write(), 0, 10, { needed: 1 })
  scene.get([], 11, 20)
  t.same(scene.failures, [])
  scene.get([], 11, 20, { needed: 3 })
  t.equal(scene.failures.length, 1)
})

t.test('later gets show no less, where the first one repaired before it answered', async t => {
  const scene = new TestScene(claimsChecker)
  const write = scene.write()
  scene.get([write], 0, 10, { repair: 'async' })
  scene.get([write], 0, 10, { unrepaired: true })
  scene.get([write], 0, 10, { fallbackAcks: [n4] })
  scene.get([], 11, 20)
  t.same(scene.failures, [])
  scene.get([write], 21, 30)
  scene.get([], 25, 40)
  t.same(scene.failures, [], 'both at once')
  scene.get([], 31, 40)
  t.equal(scene.failures.length, 1)
})

t.test('a row that rots excuses its writes, and no later ones', async t => {
  const scene = new TestScene(claimsChecker)
  const [rotten, sound] = [scene.write(), scene.write()]
  scene.durable(n1, holding(rotten))
  scene.put(rotten, 0, 10)
  scene.rot(n1)
  scene.put(sound, 11, 20)
  scene.get([sound], 21, 30)
  t.same(scene.failures, [])
  scene.get([rotten], 21, 30)
  t.equal(scene.failures.length, 1)
})

t.test('a replica that lost its disk counts for no get: its losses excuse nothing', async t => {
  const scene = new TestScene(claimsChecker)
  const write = scene.write()
  scene.durable(n1, holding(write))
  scene.put(write, 0, 10)
  scene.wipe(n1)
  scene.get([], 11, 20)
  t.equal(scene.failures.length, 1)
})
