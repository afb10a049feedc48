import t from 'tap'
import { encodeObject } from '../../../src/core/causality/object.ts'
import type { NodeId } from '../../../src/core/ids.ts'
import { answersChecker } from '../../../src/sim/check/answers.ts'
import type { Write } from '../../../src/sim/history.ts'
import { holding, key, n1, n2, n4, TestScene, token } from '../../helpers/scene.ts'

/** A node tells another, when asked, that it holds a write. */
function tells(scene: TestScene, node: NodeId, write: Write, digest = 'x'): void {
  const envelope = { id: 7, epoch: '' as never, timeLeft: 1000 }
  scene.receives(node, n2, { type: 'read', ...envelope, key, token, full: true })
  const object = encodeObject(holding(write))
  const rest = { whole: true, generation: 0, refused: undefined }
  scene.sends(node, n2, { type: 'held', id: 7, digest, object, ...rest })
}

t.test('an answer to a read that the disk does not have', async t => {
  const scene = new TestScene(answersChecker)
  scene.durable(n1, holding(scene.write()))
  tells(scene, n1, scene.write())
  t.match(scene.failures, [/I4: n1 told n2 of something/, /holds c1.2, and its disk does not/])
})

t.test('of hints it is what they hold', async t => {
  const scene = new TestScene(answersChecker)
  const write = scene.write()
  scene.durable(n4, holding(write), n1)
  tells(scene, n4, write)
  t.same(scene.failures, [])
})

t.test('a fallback that counted and held nothing', async t => {
  const scene = new TestScene(answersChecker)
  scene.get([], 0, 10, { fallbackAcks: [n4] })
  t.same(scene.failures, ['I12: n4 counted for what c1 was shown, and it held nothing of the key'])
})

t.test('one that had a hint when it was asked', async t => {
  const scene = new TestScene(answersChecker)
  const write = scene.write()
  scene.durable(n4, holding(write), n1)
  scene.get([write], 0, 10, { fallbackAcks: [n4] })
  scene.durable(n4, undefined, n1)
  scene.get([write], 5, 20, { fallbackAcks: [n4] })
  t.same(scene.failures, [])
  scene.get([write], 11, 20, { fallbackAcks: [n4] })
  t.equal(scene.failures.length, 1, 'long gone')
})
