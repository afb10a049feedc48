import t from 'tap'
import { type Fails, shrink } from '../../src/sim/shrink.ts'
import { planOf } from '../../src/sim/world.ts'

/** A seed with plenty of everything in it. */
const plan = planOf(1)

t.test('what is left is what the violation needs', async t => {
  const fault = plan.faults.find(one => one.type === 'crash')!
  const needed = [plan.operations[5]!, plan.operations[301]!]
  const fails: Fails = ({ faults, operations }, invariant) => {
    const there = faults.includes(fault) && needed.every(one => operations.includes(one))
    return there ? { invariant, key: undefined, at: 0, story: 'both are there' } : undefined
  }
  const small = shrink(plan, 'I1', 300, fails)!
  t.same(small.plan.faults, [fault])
  t.same(small.plan.operations, needed)
  t.same(
    Object.keys(small.plan.options.faults).filter(kind => kind !== fault.kind),
    [],
  )
  const last = Math.max(fault.at, needed[1]!.at)
  t.equal(small.plan.healsAt, last + 1_000_000)
  t.ok(small.runs <= 300)
})

t.test('within its budget, and with a plan that fails at every step', async t => {
  let runs = 0
  const fails: Fails = ({ operations }, invariant) => {
    runs++
    const there = operations.length > 400
    return there ? { invariant, key: undefined, at: 0, story: 'many' } : undefined
  }
  const small = shrink(plan, 'I1', 20, fails)!
  t.equal(runs, 20)
  t.equal(small.runs, 20)
  t.ok(small.plan.operations.length > 400)
})

t.test('a plan that does not fail is not made smaller', async t => {
  t.equal(
    shrink(plan, 'I1', 300, () => undefined),
    undefined,
  )
})
