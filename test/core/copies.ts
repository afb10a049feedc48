import t from 'tap'
import type { Epoch, Key, NodeId } from '../../src/core/ids.ts'
import type { PeerMessage } from '../../src/core/message.ts'
import { TestCluster } from '../helpers/replicas.ts'

/** What n1 sends back for one message of n2. */
function answerOf(cluster: TestCluster, message: PeerMessage): PeerMessage | undefined {
  cluster.node('n1').step({ type: 'message', from: 'n2' as NodeId, message })
  cluster.node('n1').flush()
  return cluster.letters.splice(0)[0]?.message
}

/** The copy that a put of n2 sends to n1. */
function copyOf(cluster: TestCluster, key: string, value: string) {
  cluster.ask('n2', cluster.put(key, value))
  const letter = cluster.letters.splice(0).find(({ to }) => to === 'n1')
  if (letter?.message.type !== 'store') throw new Error('no copy for n1')
  return letter.message
}

t.test('a copy is merged, and acknowledged again when it comes again', async t => {
  const cluster = new TestCluster(3)
  const copy = copyOf(cluster, 'k', 'v')
  const ack = { type: 'stored', id: copy.id, whole: true, refused: undefined }
  t.same(answerOf(cluster, copy), ack)
  t.same(answerOf(cluster, copy), ack)
  t.equal(cluster.node('n1').objects, 1)
})

t.test('an expired, foreign or unreadable copy is not stored', async t => {
  const cluster = new TestCluster(3)
  const copy = copyOf(cluster, 'k', 'v')
  t.equal(answerOf(cluster, { ...copy, timeLeft: 0 }), undefined)
  for (const [wrong, code] of [
    [{ ...copy, epoch: 'another.' as Epoch }, 'STALE_VIEW'],
    [{ ...copy, object: copy.object.slice(0, -1) }, 'PROTOCOL'],
  ] as const) {
    const answer = answerOf(cluster, wrong)
    t.equal(answer?.type === 'stored' ? answer.refused?.code : undefined, code)
  }
  t.equal(cluster.node('n1').objects, 0)
})

t.test('a digest read and a full read agree; a damaged record is an error', async t => {
  const cluster = new TestCluster(3)
  const copy = copyOf(cluster, 'k', 'v')
  answerOf(cluster, copy)
  const { id, epoch, timeLeft, token } = copy
  const read = { type: 'read', id, epoch, timeLeft, key: 'k' as Key, token } as const
  const digest = answerOf(cluster, { ...read, full: false })
  const whole = answerOf(cluster, { ...read, full: true })
  if (digest?.type !== 'held' || whole?.type !== 'held') throw new Error('no answer')
  t.equal(digest.digest, whole.digest)
  t.equal(digest.object, undefined)
  t.same(whole.object, copy.object)
  for (const bytes of cluster.node('n1').disk.values()) bytes[bytes.length - 1]! ^= 1
  for (const full of [true, false]) {
    const answer = answerOf(cluster, { ...read, full })
    if (answer?.type !== 'held') throw new Error('no answer')
    t.equal(answer.refused?.code, 'INTERNAL')
    t.equal(answer.object, undefined)
  }
})

t.test('nothing held is told as nothing', async t => {
  const cluster = new TestCluster(3)
  const { id, epoch, timeLeft, token } = copyOf(cluster, 'k', 'v')
  const read = { type: 'read', id, epoch, timeLeft, key: 'k' as Key, token } as const
  const answer = answerOf(cluster, { ...read, full: true })
  if (answer?.type !== 'held') throw new Error('no answer')
  t.equal(answer.digest, '')
  t.equal(answer.object, undefined)
})
