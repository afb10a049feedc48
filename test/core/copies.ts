import t from 'tap'
import type { Epoch, Key, NodeId } from '../../src/core/ids.ts'
import type { PeerMessage } from '../../src/core/message.ts'
import { fullDisk, TestCluster } from '../helpers/replicas.ts'

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

/** Five nodes, and a key that n1 owns or not. */
function five(owned: boolean) {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', owned)
  const primaries = cluster.primaries(key) as NodeId[]
  const writer = primaries.find(node => node !== 'n1') as NodeId
  cluster.ask(writer, cluster.put(key, 'v'))
  const copy = cluster.letters.splice(0).flatMap(({ message }) => message)[0]
  if (copy?.type !== 'store') throw new Error('no copy')
  return { cluster, node: cluster.node('n1'), key, primaries, copy }
}

function refusalIn(answer: PeerMessage | undefined): string | undefined {
  if (answer?.type !== 'stored' && answer?.type !== 'handed') throw new Error('no answer')
  return answer.refused?.code
}

t.test('a copy for an owner that is away is kept as a hint, durable before its ack', async t => {
  const { cluster, node, primaries, copy } = five(false)
  const [owner] = primaries
  node.step({ type: 'message', from: 'n2' as NodeId, message: { ...copy, owner } })
  t.equal(cluster.letters.length, 0)
  t.equal(refusalIn(answerOf(cluster, { ...copy, owner })), undefined)
  t.equal(node.objects, 0)
  t.equal(node.replica.observe().hints, 1, 'the same again is one hint')
  const read = { ...copy, type: 'read', full: true } as const
  t.match(answerOf(cluster, read), { type: 'held', object: copy.object }, 'it may be read')
})

t.test('a copy for this node itself is merged, whoever stood in', async t => {
  const { cluster, node, copy } = five(true)
  t.equal(refusalIn(answerOf(cluster, { ...copy, owner: 'n1' as NodeId })), undefined)
  t.equal(node.objects, 1)
  t.equal(node.replica.observe().hints, 0)
})

t.test('nothing is stored where it has no place', async t => {
  const { cluster, node, primaries, copy } = five(false)
  t.equal(refusalIn(answerOf(cluster, copy)), 'STALE_VIEW', 'no owner of the key')
  const stranger = cluster.members.find(({ id }) => !primaries.includes(id))?.id
  t.equal(refusalIn(answerOf(cluster, { ...copy, owner: stranger })), 'STALE_VIEW', 'nor is it')
  const few = new TestCluster(5, { fallbacks: 0 })
  const late = { ...copy, epoch: few.epoch, owner: primaries[0] }
  t.equal(refusalIn(answerOf(few, late)), 'STALE_VIEW', 'nobody stands in')
  node.step(fullDisk)
  t.equal(refusalIn(answerOf(cluster, { ...copy, owner: primaries[0] })), 'STORE_FULL')
  t.equal(node.objects, 0)
  t.equal(node.replica.observe().hints, 0)
  t.equal(
    few.node('n1').disk.size,
    10,
    'its members, what it heard of the others, and the name of its tree',
  )
})

/** A batch of hints for n1: objects of these keys, each of one put. */
function batchOf(cluster: TestCluster, keys: readonly string[]) {
  const copies = keys.map(key => {
    const writer = cluster.primaries(key).find(node => node !== 'n1') as NodeId
    cluster.ask(writer, cluster.put(key, 'v'))
    const copy = cluster.letters
      .splice(0)
      .map(({ message }) => message)
      .find(({ type }) => type === 'store')
    if (copy?.type !== 'store') throw new Error('no copy')
    const { token, object, generation, time } = copy
    return { key: copy.key, token, object, generation, time }
  })
  const { epoch } = cluster
  return { type: 'handoff', id: 77, epoch, timeLeft: 1000, copies } as const
}

t.test('hints that come home: one ack, once every row of them is durable', async t => {
  const cluster = new TestCluster(3)
  const node = cluster.node('n1')
  const batch = batchOf(cluster, ['under way', 'gathering', 'durable', 'of the batch alone'])
  const from = 'n2' as NodeId
  const store = (index: number) => {
    const copy = { ...batch, ...batch.copies[index]!, type: 'store', owner: undefined } as const
    node.step({ type: 'message', from, message: copy })
  }
  store(2)
  node.flush()
  store(0)
  node.step({ type: 'turn' })
  const first = node.commit!
  store(1)
  cluster.letters.splice(0)
  node.step({ type: 'message', from, message: batch })
  const handed = () => cluster.letters.filter(({ message }) => message.type === 'handed').length
  t.equal(handed(), 0)
  node.commit = undefined
  for (const { key, value } of first.rows) node.disk.set(key, value!)
  node.step({ type: 'stored', commit: first.commit, result: 'durable' })
  t.equal(handed(), 0, 'the row that waited for the commit under way is not all of them')
  node.flush()
  t.equal(handed(), 1)
  t.equal(node.objects, 4)
  cluster.letters.splice(0)
  t.match(answerOf(cluster, batch), { type: 'handed', id: 77, refused: undefined }, 'again')
})

t.test('a batch is taken but for what is refused, and says how busy its owner is', async t => {
  const cluster = new TestCluster(5)
  const node = cluster.node('n1')
  const [own, foreign] = [cluster.keyAt('n1', true), cluster.keyAt('n1', false)]
  const strange = answerOf(cluster, batchOf(cluster, [foreign, foreign]))
  t.match(strange, { refused: { code: 'STALE_VIEW' }, left: [0, 1] })
  const batch = batchOf(cluster, [own])
  const torn = { ...batch.copies[0]!, object: batch.copies[0]!.object.slice(1) }
  const stale = answerOf(cluster, { ...batch, epoch: 'another.' as Epoch })
  t.match(stale, { refused: { code: 'STALE_VIEW' }, left: [] }, 'all of it')
  t.equal(answerOf(cluster, { ...batch, timeLeft: 0 }), undefined)
  t.equal(node.objects, 0)
  cluster.pass(1000)
  cluster.letters.splice(0)
  for (let i = 0; i < 3; i++) cluster.ask('n1', cluster.get(own))
  cluster.letters.splice(0)
  t.match(answerOf(cluster, batch), { type: 'handed', foreground: 3, refused: undefined, left: [] })
  t.equal(node.objects, 1)
  const more = batchOf(cluster, [own, foreign])
  const bad = { ...more, copies: [torn, ...more.copies] }
  t.match(answerOf(cluster, bad), { refused: { code: 'PROTOCOL' }, left: [0, 2] })
})
