import t from 'tap'
import { hintsChecker } from '../../../src/sim/check/hints.ts'
import { holding, n1, n2, n4, storedReply, storeOf, TestScene } from '../../helpers/scene.ts'

t.test('an ack for a hint that the disk does not have', async t => {
  const scene = new TestScene(hintsChecker)
  const write = scene.write()
  scene.receives(n4, n2, storeOf(write, n1))
  scene.sends(n4, n2, storedReply)
  t.same(scene.failures, ['I7: n4 said that it keeps c1.1 for n1, and its disk has no such hint'])
})

t.test('a hint for another owner is not that hint', async t => {
  const scene = new TestScene(hintsChecker)
  const write = scene.write()
  scene.durable(n4, holding(write), n2)
  scene.receives(n4, n2, storeOf(write, n1))
  scene.sends(n4, n2, storedReply)
  t.equal(scene.failures.length, 1)
})

t.test('an ack with the hint on disk, or with all of it at its owner', async t => {
  for (const [node, owner] of [
    [n4, n1],
    [n1, undefined],
  ] as const) {
    const scene = new TestScene(hintsChecker)
    const write = scene.write()
    scene.receives(n4, n2, storeOf(write, n1))
    scene.durable(node, holding(write), owner)
    scene.sends(n4, n2, storedReply)
    t.same(scene.failures, [])
  }
})

t.test('a hint that goes before its owner has it', async t => {
  const scene = new TestScene(hintsChecker)
  const write = scene.write()
  scene.durable(n4, holding(write), n1)
  scene.durable(n4, undefined, n1)
  t.same(scene.failures, ['I7: n4 let go of its hint of c1.1 for n1, whose disk does not have it'])
})

t.test('a hint that goes when its owner has what it was, and not what it is', async t => {
  const scene = new TestScene(hintsChecker)
  const [first, second] = [scene.write(), scene.write()]
  scene.durable(n4, holding(first), n1)
  scene.durable(n1, holding(first))
  scene.durable(n4, holding(first, second), n1)
  scene.durable(n4, undefined, n1)
  t.match(scene.failures, [/its hint of c1.2 for n1/])
})

t.test('a hint that loses a write, and one that is superseded', async t => {
  const scene = new TestScene(hintsChecker)
  const first = scene.write()
  const second = scene.write([first])
  scene.durable(n4, holding(first), n1)
  scene.durable(n4, holding(second), n1)
  t.same(scene.failures, [], 'what had seen it took its place')
  scene.durable(n4, holding(scene.write()), n1)
  t.equal(scene.failures.length, 1)
})

t.test('a hint that goes once its owner has it, or what superseded it', async t => {
  const scene = new TestScene(hintsChecker)
  const first = scene.write()
  const second = scene.write([first])
  scene.durable(n4, holding(first), n1)
  scene.durable(n1, holding(second))
  scene.durable(n4, undefined, n1)
  scene.checker.atRest?.()
  t.same(scene.failures, [])
})

t.test('at rest a hint is left only for a node that stays dead', async t => {
  const scene = new TestScene(hintsChecker)
  scene.durable(n4, holding(scene.write()), n1)
  scene.checker.atRest?.()
  t.same(scene.failures, ['I7: n4 still keeps a hint for n1 at rest'])
  scene.failures.length = 0
  scene.dead.add(n1)
  scene.checker.atRest?.()
  t.same(scene.failures, [])
})
