/**
 * No acknowledged value is lost, none comes back, siblings are at most the puts of which no
 * context covers another, no dot is issued twice: against a causal history whose oracle is
 * what each writer was shown, through crashes before the own flush, fallbacks that forget,
 * lost and restored rows, counters with gaps, old contexts, blind puts, deletes and retries.
 */
import fc from 'fast-check'
import t from 'tap'
import { CausalHistory, type Flaw, flaws, stepKinds } from '../../helpers/causal-history.ts'

const step = fc.tuple(fc.nat(stepKinds - 1), fc.nat(5), fc.nat(63), fc.nat(63))
const steps = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' })
const order = fc.array(fc.nat(63), { minLength: 1, maxLength: 9 })

/** The property; `reached` counts the runs in which something worth reaching happened. */
function keepsHistory(flaw: Flaw, reached = new Map<string, number>()) {
  return fc.property(steps, order, (steps, order) => {
    const history = new CausalHistory(flaw)
    for (const step of steps) if (history.violations.length === 0) history.step(step)
    if (history.violations.length === 0) history.settle(order)
    for (const what of history.reached.keys()) reached.set(what, (reached.get(what) ?? 0) + 1)
    if (history.violations.length > 0) throw new Error(history.violations.join('; '))
  })
}

t.test('rows show exactly what their writers leave', async t => {
  const reached = new Map<string, number>()
  const runs = 4000
  fc.assert(keepsHistory('none', reached), { numRuns: runs })
  // A run that meets nothing proves nothing.
  for (const [what, share] of [
    ['crash before own flush', 0.3],
    ['row forgotten', 0.3],
    ['started on a restored or copied directory', 0.3],
    ['three siblings', 0.3],
    ['twin', 0.3],
    ['retry of a live put', 0.1],
    ['retry of a superseded put', 0.05],
    ['context by operation only', 0.3],
  ] as const) {
    t.ok((reached.get(what) ?? 0) > runs * share, `${what} in ${share * 100} % of the runs`)
  }
})

t.test('known-bad rules are caught', async t => {
  for (const flaw of flaws) {
    const found = fc.check(keepsHistory(flaw), { numRuns: 2000, seed: 1, endOnFailure: true })
    t.ok(found.failed, flaw)
    t.comment(`${flaw}: run ${found.numRuns}: ${found.errorInstance}`)
    t.match(String(found.errorInstance), /lost put|shows|issued twice|differ/)
  }
})
