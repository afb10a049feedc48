import fc from 'fast-check'
import t from 'tap'
import type { Instant, NodeId, OpId } from '../../../src/core/ids.ts'
import { PutTally, type PutVerdict } from '../../../src/core/quorum/put.ts'

const nodes = ['a', 'b', 'c'] as NodeId[]
const deadline = 100 as Instant
const op = 'o'.repeat(12) as OpId

function tallyOf(needed: number, strict = false): PutTally {
  const tally = new PutTally({ primaries: nodes, needed, strict, deadline, dot: undefined, op })
  for (const node of nodes) tally.asked(node, undefined)
  return tally
}

/** This node is lost, and nobody is asked in its place. */
function lose(tally: PutTally, node: NodeId): PutVerdict | undefined {
  return tally.lost(node) ? tally.judge() : undefined
}

t.test('done at W distinct acks, never before', async t => {
  const tally = tallyOf(2)
  t.equal(tally.stored(nodes[0]!), undefined)
  t.equal(tally.stored(nodes[0]!), undefined, 'an ack twice is one ack')
  t.same(tally.stored(nodes[1]!), { type: 'done' })
  t.same(tally.outcome(true).primaryAcks, ['a', 'b'])
  t.equal(tally.stored(nodes[2]!), undefined, 'answered once')
  t.equal(tally.outcome(true).primaryAcks.length, 3, 'a late ack still counts')
})

t.test('an ack of a node that was not asked is none', async t => {
  const tally = tallyOf(1)
  t.equal(tally.stored('d' as NodeId), undefined)
})

t.test('failed, indefinite, as soon as W is out of reach', async t => {
  const tally = tallyOf(2)
  t.equal(lose(tally, nodes[0]!), undefined)
  const verdict = lose(tally, nodes[1]!)
  if (verdict?.type !== 'failed') throw new Error('not failed')
  t.equal(verdict.failure.code, 'QUORUM')
  t.equal(verdict.failure.outcome.definite, false)
})

t.test('who stands in counts as a fallback, one node once, and not in strict mode', async t => {
  const [d, e] = ['d', 'e'] as [NodeId, NodeId]
  const tally = tallyOf(2)
  t.equal(tally.lost(nodes[0]!), true)
  t.same(tally.uncovered(true), ['a'])
  tally.asked(d, nodes[0])
  t.same(tally.uncovered(true), [], 'somebody is expected to have it')
  t.ok(tally.knows(d) && !tally.knows(e))
  tally.stored(d)
  t.same(tally.stored(nodes[1]!), { type: 'done' })
  t.match(tally.outcome(true), { primaryAcks: ['b'], fallbackAcks: ['d'], hinted: ['a'] })
  t.same(tally.uncovered(true), [], 'c may still answer')
  t.same(tally.uncovered(false), ['c'], 'c has not')

  const strict = tallyOf(2, true)
  strict.lost(nodes[0]!)
  strict.asked(d, nodes[0])
  t.equal(strict.stored(d), undefined)
  t.equal(strict.stored(nodes[1]!), undefined)
  strict.lost(nodes[2]!)
  t.match(strict.judge(), { type: 'failed', failure: { outcome: { hinted: ['a'] } } })
})

t.test('an owner is uncovered again when its stand-in is lost', async t => {
  const tally = tallyOf(2)
  tally.lost(nodes[0]!)
  tally.asked('d' as NodeId, nodes[0])
  tally.lost('d' as NodeId)
  t.same(tally.uncovered(true), ['a'])
})

t.test('failed at the deadline, once; and who may still hold it for whom', async t => {
  const tally = tallyOf(3)
  tally.asked('d' as NodeId, nodes[2])
  tally.stored(nodes[0]!)
  t.equal(tally.tick(99 as Instant), undefined)
  t.equal(tally.tick(deadline)?.type, 'failed')
  t.equal(tally.tick(deadline), undefined)
  t.same(tally.unheld(), ['b', 'c'])
  t.same(tally.expected(), [
    { node: 'b', owner: 'b' },
    { node: 'c', owner: 'c' },
    { node: 'd', owner: 'c' },
  ])
})

t.test('in any order of events: one verdict, and done exactly with W acks', async t => {
  const event = fc.record({
    node: fc.constantFrom(...nodes),
    kind: fc.constantFrom('stored', 'lost', 'tick', 'late'),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(event), (needed, events) => {
      const tally = tallyOf(needed)
      const verdicts: PutVerdict[] = []
      const acks = new Set<NodeId>()
      const gone = new Set<NodeId>()
      for (const { node, kind } of events) {
        const before = verdicts.length
        const verdict =
          kind === 'stored'
            ? tally.stored(node)
            : kind === 'lost'
              ? lose(tally, node)
              : tally.tick((kind === 'late' ? 100 : 1) as Instant)
        if (kind === 'stored' && !gone.has(node)) acks.add(node)
        if (kind === 'lost' && !acks.has(node)) gone.add(node)
        if (verdict !== undefined) verdicts.push(verdict)
        if (before === 0 && verdict?.type === 'done') t.equal(acks.size, needed)
        if (before === 0 && verdict === undefined) t.ok(acks.size < needed)
      }
      t.ok(verdicts.length <= 1)
    }),
  )
})
