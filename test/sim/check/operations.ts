import t from 'tap'
import { encodeObject } from '../../../src/core/causality/object.ts'
import { putVersion, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Actor, NodeId } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { operationsChecker } from '../../../src/sim/check/operations.ts'
import type { Write } from '../../../src/sim/history.ts'
import { holding, key, n1, n2, n3, n4, TestScene, token } from '../../helpers/scene.ts'

/** The write under another dot, given by this node, with nothing beside it. */
function again(write: Write, via: NodeId): Siblings {
  const version = holding(write).versions[0]!
  const dot = { actor: `${via}again-` as Actor, counter: 1 }
  return putVersion(
    { vector: [], versions: [], ops: [], pins: [] },
    { vector: [], ops: [], pins: [] },
    { ...version, dot, via },
  )
}

function copyOf(siblings: Siblings): PeerMessage {
  const envelope = { id: 7, epoch: '' as never, timeLeft: 1000 }
  const copy = { key, token, object: encodeObject(siblings), generation: 0, time: 0 }
  return { type: 'store', ...envelope, ...copy, owner: undefined }
}

/** The first try of a write, which left its coordinator n1. */
function tried(scene: TestScene): Write {
  const write = scene.write()
  scene.sends(n1, n2, copyOf(holding(write)))
  return write
}

t.test('a further dot from a node whose disk has the operation', async t => {
  const scene = new TestScene(operationsChecker)
  const write = tried(scene)
  scene.durable(n2, holding(write))
  scene.sends(n2, n3, copyOf(again(write, n2)))
  t.same(scene.failures, ['I11: n2 gave c1.1 a further dot, and its disk holds it already'])
})

t.test('or what superseded it, in a hint too', async t => {
  const scene = new TestScene(operationsChecker)
  const write = tried(scene)
  scene.durable(n4, holding(scene.write([write])), n1)
  scene.sends(n4, n3, copyOf(again(write, n4)))
  t.match(scene.failures, [/its disk holds c1.2, which superseded it/])
})

t.test('not from a node that knows nothing of it, or that was told its hint is home', async t => {
  const scene = new TestScene(operationsChecker)
  const write = tried(scene)
  scene.sends(n2, n3, copyOf(again(write, n2)))
  scene.durable(n4, holding(write), n1)
  const object = encodeObject(holding(write))
  const copies = [{ key, token, object, generation: 0, time: 0 }]
  scene.sends(n4, n1, { type: 'handoff', id: 3, epoch: '' as never, timeLeft: 1, copies })
  const rest = { whole: true, foreground: 0, refused: undefined, left: [] }
  scene.receives(n4, n1, { type: 'handed', id: 3, ...rest })
  scene.sends(n4, n3, copyOf(again(write, n4)))
  t.same(scene.failures, [])
})

t.test('an operation that is shown once more after it was superseded', async t => {
  const scene = new TestScene(operationsChecker)
  const write = scene.write()
  const later = scene.write([write])
  scene.get([write, later], 0, 10)
  t.same(scene.failures, [], 'with one dot it is the matter of I2')
  write.dots = 2
  scene.get([write, later], 0, 10)
  t.same(scene.failures, ['I11: c1 was shown c1.1, once more after c1.2 had superseded it'])
})

t.test('an operation that is shown twice at once', async t => {
  const scene = new TestScene(operationsChecker)
  const write = scene.write()
  scene.get([write, write], 0, 10)
  t.same(scene.failures, ['I11: c1 was shown c1.1 twice at once'])
})

t.test('on the disks, at rest; but not past the lists of ids', async t => {
  const scene = new TestScene(operationsChecker)
  const write = scene.write()
  write.dots = 2
  scene.durable(
    n1,
    putVersion(
      holding(scene.write([write])),
      { vector: [], ops: [], pins: [] },
      again(write, n2).versions[0]!,
    ),
  )
  scene.checker.atRest?.()
  t.match(scene.failures, [/the disks hold c1.1, once more after c1.2/])
  scene.failures.length = 0
  for (let i = 0; i < 7; i++) scene.write()
  scene.checker.atRest?.()
  t.same(scene.failures, [])
})
