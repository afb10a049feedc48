/**
 * The worlds of every test run: seeds 1 to 200, on two processes; `npm test` runs the first of them,
 * and as many more as its budget of time allows. Later stages widen these same seeds. Fresh ones are
 * for `npm run sim`.
 */
import { tmpdir } from 'node:os'
import t from 'tap'
import type { Task } from '../../src/cli/sim/child.ts'
import { type PoolOptions, runTasks } from '../../src/cli/sim/pool.ts'
import { rarePaths, seldomPaths } from '../../src/sim/coverage.ts'
import { canary, knownBad } from '../../src/sim/known-bad.ts'
import type { Result } from '../../src/sim/run.ts'
import { budget, runsAll } from '../helpers/budget.ts'

// Not a measure of speed: the machine may have better things to do.
t.setTimeout(3_600_000)

const tasksOf = (count: number, bad?: string): Task[] =>
  Array.from({ length: count }, (_, i) => ({ seed: i + 1, wishes: {}, bad }))

async function resultsOf(tasks: readonly Task[], options: PoolOptions = {}) {
  const results: Result[] = []
  await runTasks(
    tasks,
    answer => {
      if (answer.type === 'ran') results.push(answer.result)
      else t.fail(`seed ${answer.seed}: ${answer.type === 'broke' ? answer.error : answer.type}`)
    },
    { processes: 2, ...options },
  )
  return results
}

const wanted = 200
const leastSeeds = 30
const seedsMs = 120_000
/** What each world was, in the order of the seeds. */
const hashes: string[] = []

t.test('seeds 1 to 200: no violation, and every rare path is met', async t => {
  const results = await resultsOf(tasksOf(wanted), { goOn: budget(leastSeeds, seedsMs) })
  t.comment(`seeds 1 to ${results.length} of ${wanted}`)
  t.ok(results.length >= (runsAll ? wanted : leastSeeds))
  hashes.push(...results.map(({ hash }) => hash))
  const noted = new Set<string>()
  for (const { seed, violations, options, calls, faults, noted: names } of results) {
    t.same(violations, [], `kv sim --seed ${seed}`)
    t.ok(options.seconds >= 60 && options.nodes === 5, `seed ${seed} is long and large enough`)
    t.ok(calls >= 500, `seed ${seed}: ${calls} calls`)
    t.ok(faults >= 3, `seed ${seed}: ${faults} faults`)
    for (const name of names) noted.add(name)
  }
  const missed = rarePaths.filter(name => !noted.has(name))
  if (results.length === wanted) t.same(missed, [], 'every rare path is met')
  else t.comment(`not met: ${missed.join(', ')}`)
  const known: readonly string[] = [...rarePaths, ...seldomPaths]
  t.same(
    [...noted].filter(name => !known.includes(name)),
    [],
    'every rare path is listed',
  )
})

t.test('a seed is the same world in any process, place, time zone and order', async t => {
  const tasks = tasksOf(runsAll ? 10 : 4)
  const again = await resultsOf([...tasks].reverse(), {
    processes: 1,
    cwd: tmpdir(),
    env: { TZ: 'Pacific/Chatham', LC_ALL: 'tr_TR.UTF-8' },
    flags: ['--max-old-space-size=300'],
  })
  t.same(
    [...again].reverse().map(({ hash }) => hash),
    hashes.slice(0, tasks.length),
  )
})

t.test('the canary: a known-bad version is caught, by the checker named for it', async t => {
  const bad = knownBad.find(({ name }) => name === canary)!
  await runTasks(
    tasksOf(4, canary),
    answer => {
      const fired = answer.type === 'fired' ? answer.fired : []
      t.ok(
        fired.some(name => bad.checkers.includes(name)),
        `seed ${answer.seed}: ${fired}`,
      )
    },
    { processes: 2 },
  )
})
