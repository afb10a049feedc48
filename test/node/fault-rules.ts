import fc from 'fast-check'
import t from 'tap'
import type { Instant, NodeId } from '../../src/core/ids.ts'
import type { FaultRule } from '../../src/core/message.ts'
import { FaultRules } from '../../src/node/fault-rules.ts'

const n2 = 'n2' as NodeId
const n3 = 'n3' as NodeId
const at = (ms: number) => ms as Instant

function rule(changes: Partial<FaultRule> = {}): FaultRule {
  const none = { drop: 0, delayMs: 0, jitterMs: 0, rate: undefined }
  return { peer: n2, direction: 'out', ...none, ...changes }
}

function rulesOf(rules: readonly FaultRule[], random = () => 0.5): FaultRules {
  const made = new FaultRules(random)
  made.replace(rules)
  return made
}

t.test('a rule is for one peer and one direction', async t => {
  const rules = rulesOf([rule({ drop: 1 })])
  t.equal(rules.due(at(5), n2, 'out', 10), undefined)
  t.equal(rules.due(at(5), n2, 'in', 10), 5)
  t.equal(rules.due(at(5), n3, 'out', 10), 5)
  t.equal(rules.rules(n2, 'out'), true)
  t.equal(rules.rules(n2, 'in'), false)
  t.equal(rules.cuts(n2), true)
  t.equal(rules.cuts(n3), false)
  rules.replace([rule({ direction: 'in', drop: 1 })])
  t.equal(rules.due(at(5), n2, 'out', 10), 5, 'the old rule is gone')
  t.equal(rules.cuts(n2), true, 'one direction is enough for nobody to dial')
  rules.replace([rule({ drop: 0.9 }), rule({ drop: 0.5 })])
  t.same(rules.list(), [rule({ drop: 0.5 })], 'the later of two')
  t.equal(rules.cuts(n2), false)
  rules.replace([])
  t.same(rules.list(), [])
})

t.test('a drop loses its part of the messages', async t => {
  let draw = 0
  const rules = rulesOf([rule({ drop: 0.2 })], () => (draw++ % 100) / 100)
  let lost = 0
  for (let i = 0; i < 1000; i++) if (rules.due(at(i), n2, 'out', 1) === undefined) lost++
  t.equal(lost, 200)
})

t.test('a delay and its jitter', async t => {
  let draw = 0.5
  const rules = rulesOf([rule({ delayMs: 200, jitterMs: 50 })], () => draw)
  t.equal(rules.due(at(0), n2, 'out', 10), 200)
  draw = 0
  t.equal(rules.due(at(1000), n2, 'out', 10), 1150)
  draw = 1
  t.equal(rules.due(at(2000), n2, 'out', 10), 2250)
  draw = 0
  t.equal(rules.due(at(2010), n2, 'out', 10), 2250, 'nothing overtakes')
  rules.replace([rule({ delayMs: 10, jitterMs: 50 })])
  t.equal(rules.due(at(3000), n2, 'out', 10), 3000, 'never before it came')
})

t.test('a rate: a message has left once all its bytes have', async t => {
  const rules = rulesOf([rule({ rate: 1000 })])
  t.equal(rules.due(at(0), n2, 'out', 500), 500)
  t.equal(rules.due(at(0), n2, 'out', 500), 1000)
  t.equal(rules.due(at(5000), n2, 'out', 100), 5100, 'an idle time is not saved up')
  rules.replace([rule({ rate: 1000, delayMs: 7 })])
  t.equal(rules.due(at(0), n2, 'out', 500), 507)
  t.equal(rules.due(at(0), n2, 'out', 500), 1007)
})

t.test('what is lost for want of room takes none of the link', async t => {
  const rules = rulesOf([rule({ rate: 1000 })])
  const due = (now: number, mayWait: boolean) => rules.due(at(now), n2, 'out', 1000, mayWait)
  t.equal(due(0, true), 1000)
  for (let i = 0; i < 100; i++) t.equal(due(0, false), undefined)
  t.equal(due(1000, true), 2000)
})

t.test('whatever the rule, messages go on in order and not before they came', async () => {
  const anyRule = fc.record({
    drop: fc.constantFrom(0, 0.3),
    delayMs: fc.nat(300),
    jitterMs: fc.nat(300),
    rate: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
  })
  const draws = fc.infiniteStream(fc.nat(999).map(n => n / 1000))
  const gaps = fc.array(fc.tuple(fc.nat(100), fc.nat(2000)), { maxLength: 50 })
  fc.assert(
    fc.property(anyRule, draws, gaps, (changes, random, messages) => {
      const rules = rulesOf([rule(changes)], () => random.next().value ?? 0)
      let now = 0
      let last = 0
      for (const [gap, bytes] of messages) {
        now += gap
        const due = rules.due(at(now), n2, 'out', bytes)
        if (due === undefined) continue
        if (due < now || due < last) return false
        last = due
      }
      return true
    }),
  )
})
