/** What `npm run sim:retries` measures, smaller, and with the versions that it must catch. */
import t from 'tap'
import type { Task } from '../../src/cli/sim/child.ts'
import { runTasks } from '../../src/cli/sim/pool.ts'
import { type RetriesResult, runRetries } from '../../src/sim/retries.ts'

t.setTimeout(600_000)

const timeouts = 1500

async function resultsOf(tasks: readonly Task[]): Promise<readonly RetriesResult[]> {
  const results: RetriesResult[] = []
  await runTasks(
    tasks,
    answer => {
      if (answer.type === 'retried') results.push(answer.result)
      else t.fail(answer.type === 'broke' ? answer.error : answer.type)
    },
    { processes: 2 },
  )
  return results
}

t.test('no operation takes effect twice, however its end was lost', async t => {
  const tasks = [1, 2].map(seed => ({ seed, wishes: {}, bad: undefined, retries: timeouts }))
  for (const result of await resultsOf(tasks)) {
    t.equal(result.duplicates, 0, result.firstStory ?? '')
    t.equal(result.lost, 0, result.firstStory ?? '')
    t.equal(result.timeouts, timeouts)
    t.ok(result.lostAfter >= timeouts / 2, `${result.lostAfter} had landed`)
    t.ok(result.lostBefore > timeouts / 20, `${result.lostBefore} had not`)
    t.ok(result.late > timeouts / 5, `${result.late} came after all`)
    const { superseded, deleted } = result
    t.ok(superseded + deleted >= timeouts / 3, `${superseded} overwritten, ${deleted} deleted`)
    t.ok(result.acknowledged > timeouts * 0.99, `${result.acknowledged} acknowledged in the end`)
  }
})

for (const bad of ['11', '12']) {
  t.test(`known-bad version ${bad} is caught`, async t => {
    const [result] = await resultsOf([{ seed: 1, wishes: {}, bad, retries: 200 }])
    t.ok(result!.duplicates > 20, `${result!.duplicates} took effect twice`)
  })
}

t.test('one seed, one run', async t => {
  t.same(runRetries(5, 50), runRetries(5, 50))
})
