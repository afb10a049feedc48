/**
 * The worlds of every test run: seeds 1 to 200, on two processes. Later stages widen these same
 * seeds. Fresh ones are for `npm run sim`.
 */
import { tmpdir } from 'node:os'
import t from 'tap'
import type { Task } from '../../src/cli/sim/child.ts'
import { runTasks } from '../../src/cli/sim/pool.ts'
import { rarePaths } from '../../src/sim/coverage.ts'
import { canary, knownBad } from '../../src/sim/known-bad.ts'
import type { Result } from '../../src/sim/run.ts'

// Not a measure of speed: the machine may have better things to do.
t.setTimeout(3_600_000)

const tasksOf = (count: number, bad?: string): Task[] =>
  Array.from({ length: count }, (_, i) => ({ seed: i + 1, wishes: {}, bad }))

async function resultsOf(tasks: readonly Task[], options = {}): Promise<readonly Result[]> {
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

t.test('seeds 1 to 200: no violation, and every rare path is met', async t => {
  const results = await resultsOf(tasksOf(200))
  t.equal(results.length, 200)
  const noted = new Set<string>()
  for (const { seed, violations, options, calls, faults, noted: names } of results) {
    t.same(violations, [], `kv sim --seed ${seed}`)
    t.ok(options.seconds >= 60 && options.nodes === 5, `seed ${seed} is long and large enough`)
    t.ok(calls >= 500, `seed ${seed}: ${calls} calls`)
    t.ok(faults >= 3, `seed ${seed}: ${faults} faults`)
    for (const name of names) noted.add(name)
  }
  t.same(
    rarePaths.filter(name => !noted.has(name)),
    [],
    'every rare path is met',
  )
  const known: readonly string[] = rarePaths
  t.same(
    [...noted].filter(name => !known.includes(name)),
    [],
    'every rare path is listed',
  )
})

t.test('a seed is the same world in any process, place, time zone and order', async t => {
  const tasks = tasksOf(10)
  const one = await resultsOf(tasks, { processes: 1 })
  const other = await resultsOf([...tasks].reverse(), {
    processes: 1,
    cwd: tmpdir(),
    env: { TZ: 'Pacific/Chatham', LC_ALL: 'tr_TR.UTF-8' },
    flags: ['--max-old-space-size=300'],
  })
  t.same(
    one.map(({ seed, hash }) => [seed, hash]),
    [...other].reverse().map(({ seed, hash }) => [seed, hash]),
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
