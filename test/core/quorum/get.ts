import fc from 'fast-check'
import t from 'tap'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { type GetStep, GetTally, type HeldAnswer } from '../../../src/core/quorum/get.ts'
import { objectOf } from '../../helpers/siblings.ts'

const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'] as NodeId[] as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
]
const nodes = [a, b, c]
const now = 0 as Instant
const deadline = 1000 as Instant

function tallyOf(asked: readonly NodeId[], needed = 2): GetTally {
  return new GetTally({ primaries: nodes, needed, deadline }, asked, asked[0]!, now)
}

function acksOf(step: GetStep): unknown {
  if (step?.type !== 'done') return step?.type
  return { primaries: step.outcome.primaryAcks, fallbacks: step.outcome.fallbackAcks }
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
  const tally = tallyOf(nodes)
  t.equal(tally.answered(a, full('x'), now), undefined)
  const step = tally.answered(b, digestOnly('x'), now)
  t.equal(namesIn(step), 'x')
  t.same(acksOf(step), { primaries: [a, b], fallbacks: [] })
  t.equal(step?.type === 'done' && step.digest, 'x')
  t.equal(tally.answered(c, digestOnly('y'), now), undefined, 'a late answer changes nothing')
  t.same(
    tally.answers.map(({ by, answer }) => [by, answer.digest]),
    [
      [a, 'x'],
      [b, 'x'],
      [c, 'y'],
    ],
    'but it is known',
  )
})

t.test('nothing anywhere is an answer too', async t => {
  const tally = tallyOf(nodes)
  t.equal(tally.answered(a, full(''), now), undefined)
  t.equal(namesIn(tally.answered(c, digestOnly(''), now)), '')
})

t.test('a mismatch fetches what differs and merges it', async t => {
  const tally = tallyOf(nodes)
  tally.answered(a, full('x'), now)
  t.same(tally.answered(b, digestOnly('y'), now), { type: 'fetch', from: [b] })
  const step = tally.answered(b, full('y'), now)
  t.equal(namesIn(step), 'xy')
  t.equal(step?.type === 'done' && step.digest, undefined, 'no replica holds just that')
})

t.test('while it fetches, another equal digest is enough', async t => {
  const tally = tallyOf(nodes)
  tally.answered(a, full('x'), now)
  tally.answered(b, digestOnly('y'), now)
  t.equal(namesIn(tally.answered(c, digestOnly('x'), now)), 'x')
})

t.test('a lost full read is asked of another that holds the same', async t => {
  const tally = tallyOf(nodes)
  tally.answered(b, digestOnly('x'), now)
  t.equal(tally.answered(c, digestOnly('x'), now), undefined, 'a is still expected')
  t.same(tally.lost(a, now), { type: 'fetch', from: [b] })
  t.same(tally.lost(b, now)?.type, 'short', 'one of two left')
})

t.test('a slow full read is not waited for past the patience', async t => {
  const tally = tallyOf(nodes)
  tally.answered(b, digestOnly('x'), now)
  tally.answered(c, digestOnly('x'), now)
  t.equal(tally.tick(10 as Instant), undefined)
  t.same(tally.tick(260 as Instant), { type: 'fetch', from: [b] })
  t.equal(namesIn(tally.answered(b, full('x'), 261 as Instant)), 'x')
})

t.test('who else may have the object: those that said so, else the silent', async t => {
  const tally = tallyOf(nodes)
  t.equal(tally.unread, true)
  t.same(tally.readable, [b, c])
  tally.answered(b, digestOnly('x'), now)
  t.same(tally.readable, [b])
  tally.askedFull(b)
  t.equal(namesIn(tally.answered(c, digestOnly('x'), now)), 'undefined')
  t.equal(namesIn(tally.answered(b, full('x'), now)), 'x', 'before the first one')
  t.ok(tally.waitsFor(a))
  const nothing = tallyOf(nodes)
  nothing.answered(b, digestOnly(''), now)
  t.same(nothing.readable, [c])
})

t.test('a replica that is not whole never counts, but what it holds is merged', async t => {
  const tally = tallyOf(nodes)
  tally.answered(a, full('x', false), now)
  tally.answered(b, digestOnly(''), now)
  const step = tally.answered(c, digestOnly(''), now)
  t.equal(namesIn(step), 'x')
  t.same(acksOf(step), { primaries: [b, c], fallbacks: [] })
})

t.test('too few whole replicas: a definite failure', async t => {
  const tally = tallyOf(nodes)
  tally.answered(a, full('x', false), now)
  t.same(tally.lost(b, now), { type: 'short' })
  const step = tally.gaveUp()
  if (step?.type !== 'failed') throw new Error('not failed')
  t.equal(step.failure.code, 'QUORUM')
  t.equal(step.failure.outcome.definite, true)
})

t.test('what a fallback holds counts, that it holds nothing does not', async t => {
  const value = tallyOf([a, d, e])
  value.answered(a, full('x'), now)
  t.same(acksOf(value.answered(d, digestOnly('x'), now)), { primaries: [a], fallbacks: [d] })
  const nothing = tallyOf([a, d, e])
  nothing.answered(a, full(''), now)
  t.equal(nothing.answered(d, digestOnly(''), now), undefined)
  t.equal(nothing.missing, 1)
  t.same(nothing.answered(e, digestOnly(''), now), { type: 'short' })
  t.notOk(nothing.wasAsked(c))
  nothing.askedToo(c)
  t.ok(nothing.wasAsked(c))
  t.equal(nothing.tick(now), undefined, 'there is hope again')
  t.same(acksOf(nothing.answered(c, digestOnly(''), now)), { primaries: [a, c], fallbacks: [] })
})

t.test('a fallback that is not whole never counts, but what it holds is merged', async t => {
  const tally = tallyOf([a, b, d])
  tally.answered(d, full('y', false), now)
  tally.answered(b, digestOnly('x'), now)
  const step = tally.answered(a, full('x'), now)
  t.equal(namesIn(step), 'xy')
  t.same(acksOf(step), { primaries: [b, a], fallbacks: [] })
})

t.test('in any order of events: it settles once, by its deadline, with R counted', async t => {
  const event = fc.record({
    node: fc.constantFrom(a, b, d),
    kind: fc.constantFrom('digest', 'full', 'lost', 'tick'),
    name: fc.constantFrom('', 'x', 'y'),
    whole: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(event), (needed, events) => {
      const tally = tallyOf([a, b, d], needed)
      let settled = 0
      const see = (step: GetStep): void => {
        if (step?.type === 'short') return see(tally.gaveUp())
        if (step?.type === 'done') {
          const { primaryAcks, fallbackAcks } = step.outcome
          t.ok(primaryAcks.length + fallbackAcks.length >= needed)
          t.notOk(primaryAcks.includes(d) || (fallbackAcks.length > 0 && namesIn(step) === ''))
        }
        if (step?.type === 'done' || step?.type === 'failed') settled += 1
      }
      for (const { node, kind, name, whole } of events) {
        if (kind === 'digest') see(tally.answered(node, digestOnly(name, whole), now))
        else if (kind === 'full') see(tally.answered(node, full(name, whole), now))
        else if (kind === 'lost') see(tally.lost(node, now))
        else see(tally.tick(300 as Instant))
      }
      see(tally.tick(deadline))
      t.equal(settled, 1)
    }),
  )
})
