import fc from 'fast-check'
import t from 'tap'
import { bytesOf } from '../../../src/core/binary.ts'
import { noSiblings, putVersion, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Actor, Instant, NodeId, OpId } from '../../../src/core/ids.ts'
import { type GetStep, GetTally, type HeldAnswer } from '../../../src/core/quorum/get.ts'

const [a, b, c] = ['a', 'b', 'c'] as NodeId[] as [NodeId, NodeId, NodeId]
const nodes = [a, b, c]
const now = 0 as Instant
const deadline = 100 as Instant

function objectOf(name: string): Siblings {
  const version = {
    dot: { actor: name.repeat(8) as Actor, counter: 1 },
    op: name.repeat(12) as OpId,
    tombstone: false,
    checksum: 0,
    at: 0,
    via: a,
    value: bytesOf(name),
  }
  return putVersion(noSiblings, { vector: [], ops: [] }, version)
}

function digestOnly(name: string, whole = true): HeldAnswer {
  return { digest: name, whole, generation: 0, siblings: undefined }
}

function full(name: string, whole = true): HeldAnswer {
  return { ...digestOnly(name, whole), siblings: name === '' ? undefined : objectOf(name) }
}

function namesIn(step: GetStep): string {
  if (step?.type !== 'done') return `${step?.type}`
  return step.siblings.versions.map(({ dot }) => dot.actor[0]).join('')
}

t.test('answers at R equal digests, one object in hand', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  t.equal(tally.answered(a, full('x'), now), undefined)
  t.equal(namesIn(tally.answered(b, digestOnly('x'), now)), 'x')
  t.same(tally.outcome().primaryAcks, [a, b])
  t.equal(tally.answered(c, digestOnly('y'), now), undefined, 'a late answer changes nothing')
})

t.test('nothing anywhere is an answer too', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  t.equal(tally.answered(a, full(''), now), undefined)
  t.equal(namesIn(tally.answered(c, digestOnly(''), now)), '')
})

t.test('a mismatch fetches what differs and merges it', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  tally.answered(a, full('x'), now)
  t.same(tally.answered(b, digestOnly('y'), now), { type: 'fetch', from: [b] })
  t.equal(namesIn(tally.answered(b, full('y'), now)), 'xy')
})

t.test('while it fetches, another equal digest is enough', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  tally.answered(a, full('x'), now)
  tally.answered(b, digestOnly('y'), now)
  t.equal(namesIn(tally.answered(c, digestOnly('x'), now)), 'x')
})

t.test('a lost full read is asked of another that holds the same', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  tally.answered(b, digestOnly('x'), now)
  t.equal(tally.answered(c, digestOnly('x'), now), undefined, 'a is still expected')
  t.same(tally.lost(a, now), { type: 'fetch', from: [b] })
  t.same(tally.lost(b, now)?.type, 'failed', 'one of two left')
})

t.test('a slow full read is not waited for past the patience', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  tally.answered(b, digestOnly('x'), now)
  tally.answered(c, digestOnly('x'), now)
  t.equal(tally.tick(10 as Instant), undefined)
  t.same(tally.tick(50 as Instant), { type: 'fetch', from: [b] })
  t.equal(namesIn(tally.answered(b, full('x'), 51 as Instant)), 'x')
})

t.test('a replica that is not whole never counts, but what it holds is merged', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  tally.answered(a, full('x', false), now)
  tally.answered(b, digestOnly(''), now)
  t.equal(namesIn(tally.answered(c, digestOnly(''), now)), 'x')
  t.same(tally.outcome().primaryAcks, [b, c])
})

t.test('too few whole replicas: a definite failure', async t => {
  const tally = new GetTally(nodes, a, 2, now, deadline)
  tally.answered(a, full('x', false), now)
  tally.lost(b, now)
  const step = new GetTally([a, b], a, 2, now, deadline).lost(b, now)
  if (step?.type !== 'failed') throw new Error('not failed')
  t.equal(step.failure.code, 'QUORUM')
  t.equal(step.failure.outcome.definite, true)
})

t.test('in any order of events: it settles once, by its deadline, with R counted', async t => {
  const event = fc.record({
    node: fc.constantFrom(...nodes),
    kind: fc.constantFrom('digest', 'full', 'lost', 'tick'),
    name: fc.constantFrom('', 'x', 'y'),
    whole: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(event), (needed, events) => {
      const tally = new GetTally(nodes, a, needed, now, deadline)
      let settled = 0
      const see = (step: GetStep) => {
        if (step?.type === 'done') t.ok(tally.outcome().primaryAcks.length >= needed)
        if (step?.type === 'done' || step?.type === 'failed') settled += 1
      }
      for (const { node, kind, name, whole } of events) {
        if (kind === 'digest') see(tally.answered(node, digestOnly(name, whole), now))
        else if (kind === 'full') see(tally.answered(node, full(name, whole), now))
        else if (kind === 'lost') see(tally.lost(node, now))
        else see(tally.tick(50 as Instant))
      }
      see(tally.tick(deadline))
      t.equal(settled, 1)
    }),
  )
})
