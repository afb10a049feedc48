import fc from 'fast-check'
import t from 'tap'
import type { Instant, NodeId, OpId } from '../../../src/core/ids.ts'
import { PutTally, type PutVerdict } from '../../../src/core/quorum/put.ts'

const nodes = ['a', 'b', 'c'] as NodeId[]
const deadline = 100 as Instant
const op = 'o'.repeat(12) as OpId

function tallyOf(needed: number): PutTally {
  return new PutTally(nodes, needed, deadline, undefined, op)
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
  t.equal(tally.lost(nodes[0]!), undefined)
  const verdict = tally.lost(nodes[1]!)
  if (verdict?.type !== 'failed') throw new Error('not failed')
  t.equal(verdict.failure.code, 'QUORUM')
  t.equal(verdict.failure.outcome.definite, false)
})

t.test('over at the deadline, or when nobody is waited for', async t => {
  const tally = tallyOf(3)
  t.equal(tally.over(99 as Instant), false)
  t.equal(tally.tick(99 as Instant), undefined)
  t.equal(tally.over(deadline), false, 'not before somebody was told')
  t.equal(tally.tick(deadline)?.type, 'failed')
  t.equal(tally.over(deadline), true)
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
              ? tally.lost(node)
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
