import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { nothingDone } from '../../../src/core/outcome.ts'
import type { Caller } from '../../../src/core/step.ts'
import { owedChecker } from '../../../src/sim/check/owed.ts'
import type { Write } from '../../../src/sim/history.ts'
import { dotOf, holding, key, n1, n2, n3, n4, TestScene } from '../../helpers/scene.ts'

/** A scene in which two owners hold a write that a node answered, and the third does not. */
function start() {
  const scene = new TestScene(owedChecker)
  const write = scene.write()
  answers(scene, n1, write)
  t.same(scene.failures, [])
  return { scene, write }
}

/** A node is asked for a write at 0 ms, with a second, and answers 10 ms later. */
function answers(scene: TestScene, node: NodeId, write: Write): void {
  const caller = 1 as Caller
  const op = write.op!
  const envelope = { id: 7, epoch: '' as never, timeLeft: 1000 }
  const how = { w: 2, strict: false, explain: false, again: false, generation: 0 }
  const put = { type: 'put', ...envelope, key, value: undefined, context: undefined, op } as const
  scene.at(0)
  const request = { ...put, ...how }
  scene.checker.onNotice?.({ type: 'input', node, input: { type: 'request', caller, request } })
  scene.at(10)
  for (const one of nodes.filter(id => id !== missing)) scene.durable(one, holding(write))
  const outcome = { ...nothingDone(2, op), dot: dotOf(write) }
  const rest = { id: 7, newest: undefined, siblings: 0, generation: 0, explained: undefined }
  const reply = { type: 'wrote', ...rest, context: new Uint8Array(0), outcome } as const
  scene.checker.onNotice?.({ type: 'effect', node, effect: { type: 'reply', caller, reply } })
}

/** Half a second of its ticks. */
function ticks(scene: TestScene, node: NodeId, from: number): void {
  for (let ms = from; ms < from + 500; ms += 20) {
    scene.at(ms)
    scene.checker.onNotice?.({ type: 'input', node, input: { type: 'tick', wall: ms } })
  }
}

const nodes = [n1, n2, n3, n4]
/** Three of the four own the key; n2 is one of them. */
const missing = n2

t.test('nobody has it for an owner, some time after the deadline', async t => {
  const { scene } = start()
  ticks(scene, n1, 500)
  t.same(scene.failures, [], 'not yet')
  ticks(scene, n1, 1300)
  t.match(scene.failures, [/^I19: n1 answered that c1.1 is written: n2 does not have it/])
})

t.test('somebody keeps a hint for it, or it has what superseded it', async t => {
  const hinted = start()
  hinted.scene.durable(n4, holding(hinted.write), missing)
  ticks(hinted.scene, n1, 1300)
  t.same(hinted.scene.failures, [])
  const later = start()
  later.scene.durable(missing, holding(later.scene.write([later.write])))
  ticks(later.scene, n1, 1300)
  t.same(later.scene.failures, [])
})

t.test('a coordinator that ended owes nothing, nor anybody once a disk was lost', async t => {
  const ended = start()
  ended.scene.checker.onNotice?.({ type: 'ended', node: n1, why: 'a crash', lost: undefined })
  ticks(ended.scene, n1, 1300)
  t.same(ended.scene.failures, [])
  const lost = start()
  lost.scene.wipe(n4)
  ticks(lost.scene, n1, 1300)
  t.same(lost.scene.failures, [])
})

t.test('who is stopped, or writes, is given its time', async t => {
  const { scene, write } = start()
  scene.at(60_000)
  scene.checker.onNotice?.({ type: 'input', node: n1, input: { type: 'tick', wall: 0 } })
  t.same(scene.failures, [])
  const effect = { type: 'commit', commit: 1 as never, rows: [] } as const
  scene.checker.onNotice?.({ type: 'effect', node: n1, effect })
  ticks(scene, n1, 60_020)
  t.same(scene.failures, [])
  scene.durable(n1, holding(write))
  ticks(scene, n1, 61_000)
  t.equal(scene.failures.length, 1)
})
