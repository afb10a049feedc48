import t from 'tap'
import type { Partition } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { markRowKey } from '../../../src/core/reaping/marks.ts'
import { decodeState, partitionRowKey } from '../../../src/core/reaping/partition-rows.ts'
import type { RoundQuestion, RoundStep } from '../../../src/core/reaping/round-message.ts'
import {
  decodeProofs,
  decodeTold,
  encodeProofs,
  encodeSteps,
  type ProvePart,
  type ToldPart,
} from '../../../src/core/reaping/round-parts.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { begin, copyFrom, remove } from '../../helpers/reaping-scenarios.ts'
import type { TestNode } from '../../helpers/replicas.ts'
import { live } from '../../helpers/replicas.ts'

/** A deleted key, and the proof that its first owner asked the second one for. */
function proved() {
  const world = begin()
  const { cluster, key, owners, token } = world
  cluster.call('n1', cluster.put(key, 'v'))
  remove(cluster, key, 'n1')
  const partition = (token.charCodeAt(0) >> 4) as Partition
  let question: RoundQuestion | undefined
  live(cluster, 12_000, ({ to, message }) => {
    if (message.type !== 'round' || message.step === 'learn') return true
    if (message.step === 'prove' && to === owners[1]!.id) question ??= message
    return false
  })
  if (question === undefined) throw new Error('nothing was proved')
  const [part] = decodeProofs(question.parts)
  const ask = (node: TestNode, asked: RoundQuestion): readonly ToldPart[] => {
    cluster.letters.splice(0)
    node.step({ type: 'message', from: owners[0]!.id, message: asked })
    node.flush()
    const answer = cluster.letters.splice(0).map(letter => letter.message)
    const rounded = answer.find(one => one.type === 'rounded')
    if (rounded?.type !== 'rounded') throw new Error('no answer')
    return rounded.done ? decodeTold(rounded.parts) : []
  }
  const prove = (node: TestNode, change: Partial<ProvePart> = {}) =>
    ask(node, { ...question!, parts: encodeProofs([{ ...part!, ...change }]) })[0]
  const step = (node: TestNode, name: RoundStep, round = part!.round, generation = 0) =>
    ask(node, {
      ...question!,
      step: name,
      parts: encodeSteps([{ partition, generation, round }]),
    })[0]
  const stateOf = (node: TestNode) => {
    const bytes = node.disk.get(partitionRowKey(partition))
    return bytes && decodeState(nodeHash, bytes)
  }
  return { ...world, partition, question, part: part!, ask, prove, step, stateOf }
}

t.test('a primary marks what it holds too, and goes through all steps once', async t => {
  const { owners, prove, step, stateOf, partition } = proved()
  const node = owners[1]!
  t.equal(step(node, 'turn')?.state, 'lost', 'it has no mark')
  t.equal(prove(node)?.state, 'done')
  t.ok(node.disk.has(markRowKey(partition)))
  t.equal(step(node, 'reap')?.state, 'lost', 'no floor yet')
  for (const name of ['turn', 'drain', 'floor', 'reap'] as const) {
    t.equal(step(node, name)?.state, 'done', name)
    t.equal(step(node, name)?.state, 'done', `${name} again`)
  }
  t.same(stateOf(node), { generation: 1, floor: 1, reaped: 1 })
  t.equal(node.objects, 0)
  t.equal(prove(node)?.state, 'past', 'this generation is over')
})

t.test('a mark counts for its own round', async t => {
  const { owners, prove, step, part } = proved()
  const node = owners[1]!
  prove(node)
  prove(node, { round: part.round + 1 })
  t.equal(step(node, 'turn')?.state, 'lost', 'a late copy of the first question')
  t.equal(step(node, 'turn', part.round + 1, 4)?.state, 'lost', 'of another generation')
  t.equal(step(node, 'turn', part.round + 1)?.state, 'done')
})

t.test('what differs is not marked', async t => {
  const { owners, prove, part, partition, cluster, key } = proved()
  const node = owners[1]!
  t.equal(prove(node, { sum: 'another.' })?.state, 'wait', 'another root')
  const [candidate] = part.keys
  const wrong = [candidate!, { ...candidate!, digest: 'another.' }]
  t.match(prove(node, { keys: wrong }), { state: 'wait', missing: [1] })
  t.equal(prove(node, { floor: 1 })?.state, 'wait', 'it is behind')
  t.notOk(node.disk.has(markRowKey(partition)))
  cluster.call('n1', cluster.put(key, 'w', { generation: 9 }))
  t.match(prove(node), { state: 'wait', missing: [0] }, 'written since')
})

t.test('a proof raises who is behind, and the round goes on from there', async t => {
  const { owners, prove, step, stateOf, part } = proved()
  const node = owners[1]!
  t.equal(prove(node, { generation: 6 })?.state, 'done')
  t.equal(stateOf(node)?.generation, 6)
  t.equal(step(node, 'turn', part.round, 6)?.state, 'done')
  t.equal(step(node, 'turn', part.round, 4)?.state, 'lost')
})

t.test(
  'a fallback turns without a mark, and refuses older copies once no older hint is left',
  async t => {
    const { cluster, owners, others, prove, step, stateOf, key } = proved()
    const [fallback] = others
    const late = copyFrom(cluster, owners[0]!, key)
    const hint: PeerMessage = { ...late, owner: owners[2]!.id }
    fallback!.step({ type: 'message', from: owners[0]!.id, message: hint })
    fallback!.flush()
    prove(owners[1]!)
    t.equal(step(fallback!, 'turn')?.state, 'done')
    t.equal(step(fallback!, 'drain')?.state, 'wait', 'it is handed over first')
    t.same(stateOf(fallback!), { generation: 1, floor: 0, reaped: 0 })
    cluster.letters.splice(0)
    for (const id of ['n1', 'n2', 'n3', 'n4', 'n5']) {
      if (id !== fallback!.id) fallback!.step({ type: 'disconnected', node: id as never })
    }
    for (const id of ['n1', 'n2', 'n3', 'n4', 'n5']) {
      if (id !== fallback!.id) fallback!.step({ type: 'connected', node: id as never })
    }
    const noRounds = ({ message }: { message: PeerMessage }) =>
      message.type !== 'round' || message.step === 'learn'
    live(cluster, 2000, noRounds)
    t.equal(step(fallback!, 'drain')?.state, 'done')
    t.same(stateOf(fallback!), { generation: 1, floor: 1, reaped: 0 })
    fallback!.step({ type: 'message', from: owners[0]!.id, message: hint })
    t.match(cluster.letters.splice(0)[0]?.message, { refused: { code: 'BELOW_FLOOR', floor: 1 } })
  },
)

t.test('who knows other members takes no part, nor who has nothing to do with it', async t => {
  const { owners, question, ask, part } = proved()
  t.same(ask(owners[1]!, { ...question, epoch: 'another.' as never }), [])
  const strange = { ...part, partition: 9999 as Partition }
  t.equal(ask(owners[1]!, { ...question, parts: encodeProofs([strange]) })[0]?.state, 'wait')
  const parts = encodeSteps([strange])
  t.equal(ask(owners[1]!, { ...question, step: 'turn', parts })[0]?.state, 'lost')
})
