import t from 'tap'
import { runPlan, runSeed } from '../../src/sim/run.ts'
import { describe, report, timelineOf } from '../../src/sim/timeline.ts'
import { planOf, World } from '../../src/sim/world.ts'

t.setTimeout(1_800_000)

t.test('a plan is data, and the same for the same seed', async t => {
  t.same(planOf(5), planOf(5))
  t.notSame(planOf(5).operations, planOf(6).operations)
  const plan = planOf(9, { seconds: 90, nodes: 3 })
  t.equal(plan.options.nodes, 3)
  t.equal(plan.options.seconds, 90)
})

t.test('a fault that is left out leaves every other one as it was', async t => {
  const plan = planOf(1)
  const [kind] = Object.keys(plan.options.faults)
  const { faults } = plan
  t.ok(faults.length > 10)
  t.ok(faults.some(fault => fault.kind === kind) || kind === 'loss')
  // Draws are keyed by kind and number, so another seed's options with one kind less agree.
  const less = planOf(1)
  t.same(
    less.faults.filter(fault => fault.kind !== kind),
    faults.filter(fault => fault.kind !== kind),
  )
})

t.test('one seed, one trace; it depends on the faults and the operations', async t => {
  const plan = planOf(6)
  const first = runPlan(plan)
  t.same(runPlan(plan).hash, first.hash)
  t.same(first.violations, [])
  t.not(runPlan({ ...plan, faults: plan.faults.slice(1) }).hash, first.hash)
  t.not(runPlan({ ...plan, operations: plan.operations.slice(1) }).hash, first.hash)
  t.not(runSeed(7).hash, first.hash)
})

t.test('other numbers of nodes, and longer worlds', async t => {
  for (const [seed, wishes] of [
    [3, { nodes: 1 }],
    [4, { nodes: 2 }],
    [8, { nodes: 7, seconds: 80 }],
  ] as const) {
    const result = runSeed(seed, wishes)
    t.same(result.violations, [], JSON.stringify(wishes))
    t.ok(result.succeeded > 0)
  }
})

t.test('a violation is told with the world, the key and the way to it again', async t => {
  const plan = planOf(6)
  const key = plan.operations[0]!.key
  const violation = { invariant: 'I1', key, at: 5_000_000, story: 'c1.1 is lost' }
  const lines = report(plan, violation, { command: 'kv sim --seed 6' })
  t.equal(lines[0], `I1 violated on ${key} at 5.000 s: c1.1 is lost`)
  t.equal(lines.at(-2), 'replay: kv sim --seed 6')
  t.equal(lines.at(-1), 'smaller: kv sim --seed 6 --shrink')
  t.match(lines.join('\n'), /seconds {2}n1 +n2 +n3 +n4 +n5/)
  t.match(lines.join('\n'), /durable \{/)
  t.match(lines.join('\n'), /STARTS/)
  for (const line of describe(plan.options, plan)) t.ok(lines.includes(line))
  const all = timelineOf(plan, undefined, 3_000_000)
  t.ok(all.length > lines.length / 2)
})

t.test('a world can be stopped at an instant', async t => {
  const world = new World(planOf(6))
  world.run(2_000_000)
  t.equal(world.context.events.now, 2_000_000)
})
