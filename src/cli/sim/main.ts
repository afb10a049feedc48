/**
 * `npm run sim -- --seeds 1000 [--from N] [--seconds S]`: fresh seeds on all cores, or those from
 * N on. Ends with 9 where a world violated an invariant, and prints how to run it again.
 */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Result } from '../../sim/run.ts'
import { addTallied, nothingTallied } from '../../sim/tally.ts'
import { exitOf } from '../exit-codes.ts'
import { Progress, shownCount } from '../progress.ts'
import { printLine } from '../render.ts'
import type { Answer, Task } from './child.ts'
import { runTasks } from './pool.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string' },
    seconds: { type: 'string' },
  },
})
const count = Math.max(1, Number(values.seeds) || 1)
const from = values.from === undefined ? randomInt(2 ** 40) : Number(values.from)
const wishes = values.seconds === undefined ? {} : { seconds: Number(values.seconds) }

const begun = performance.now()
const progress = new Progress('worlds', count, false)
const totals = { done: 0, failed: 0, calls: 0, succeeded: 0, faults: 0 }
const tallied = nothingTallied()
const tasks: Task[] = Array.from({ length: count }, (_, i) => {
  return { seed: from + i, wishes, bad: undefined }
})
printLine(`seeds ${from} to ${from + count - 1}`)
await runTasks(tasks, answer => {
  totals.done++
  if (answer.type === 'ran') add(answer.result)
  tellProblems(answer)
  progress.show(totals.done)
})
progress.end()
const minutes = (performance.now() - begun) / 60_000
printLine(
  `${shownCount(totals.done)} worlds, ${totals.failed} with a violation; ` +
    `${shownCount(totals.calls)} calls (${shownCount(totals.succeeded)} succeeded), ` +
    `${shownCount(totals.faults)} faults; ${Math.round(totals.done / minutes)} worlds a minute`,
)
const { dots, unasked, pinned, shed, unknown } = tallied
printLine(
  `${shownCount(dots)} second sends made a dot (${shownCount(unasked)} with too few owners to ask), ` +
    `${shownCount(unknown)} ended unknown; ${shownCount(pinned)} pins made, ${shownCount(shed)} shed`,
)
printLine(
  `unknown: ${shownCount(tallied.belowList)} below a full list of ids, ` +
    `${shownCount(tallied.belowFloor)} below the floor, ${shownCount(tallied.tooFew)} strict with ` +
    `too few owners to ask, ${shownCount(tallied.full)} for full pins`,
)
if (totals.failed > 0) process.exitCode = exitOf('CHECK_FAILED')

function add({ calls, succeeded, faults, tallied: more }: Result): void {
  addTallied(tallied, more)
  totals.calls += calls
  totals.succeeded += succeeded
  totals.faults += faults
}

function tellProblems(answer: Answer): void {
  const problems =
    answer.type === 'ran'
      ? answer.result.violations.map(one => `${one.invariant} on ${one.key ?? '-'}: ${one.story}`)
      : answer.type === 'broke'
        ? [answer.error]
        : []
  if (problems.length === 0) return
  totals.failed++
  progress.end()
  for (const problem of problems) printLine(`seed ${answer.seed}: ${problem}`)
  printLine(`  replay: kv sim --seed ${answer.seed}`)
}
