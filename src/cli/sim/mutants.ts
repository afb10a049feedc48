/**
 * `npm run sim:mutants -- [--seeds 200] [--only 4,16]`: every known-bad version in so many worlds,
 * and which checker caught it in how many. Ends with 9 where one survives, or is caught by a
 * checker that is not the one named for it.
 */
import { parseArgs } from 'node:util'
import { type KnownBad, knownBad } from '../../sim/known-bad.ts'
import { exitOf } from '../exit-codes.ts'
import { printLine } from '../render.ts'
import type { Task } from './child.ts'
import { runTasks } from './pool.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '200' }, only: { type: 'string' } },
})
const count = Math.max(1, Number(values.seeds) || 1)
const only = values.only?.split(',')

type Tally = { caught: number; first: number | undefined; readonly by: Map<string, number> }

printLine(`| known-bad version | must be caught by | caught in of ${count} | first seed | fired |`)
printLine('| --- | --- | --- | --- | --- |')
let sound = true
for (const one of knownBad) {
  if (only !== undefined && !only.includes(one.name)) continue
  const tally = await tallyOf(one)
  printLine(lineOf(one, tally))
  const strange = [...tally.by.keys()].filter(
    name => !one.checkers.includes(name) && !one.also.includes(name),
  )
  if (tally.caught > 0 && strange.length === 0) continue
  sound = false
  const why = strange.length > 0 ? `${strange.join(', ')} fired, not named for it` : 'it survived'
  printLine(`known-bad ${one.name}: ${why}`)
}
if (!sound) process.exitCode = exitOf('CHECK_FAILED')

async function tallyOf(one: KnownBad): Promise<Tally> {
  const tally: Tally = { caught: 0, first: undefined, by: new Map() }
  const tasks: Task[] = Array.from({ length: count }, (_, i) => {
    return { seed: i + 1, wishes: {}, bad: one.name }
  })
  await runTasks(tasks, answer => {
    if (answer.type === 'broke') throw new Error(answer.error)
    if (answer.type !== 'fired') return
    for (const name of answer.fired) tally.by.set(name, (tally.by.get(name) ?? 0) + 1)
    if (!answer.fired.some(name => one.checkers.includes(name))) return
    tally.caught++
    tally.first ??= answer.seed
  })
  return tally
}

function lineOf(one: KnownBad, { caught, first, by }: Tally): string {
  const fired = [...by].map(([name, times]) => `${name} ${times}`).join(', ')
  const named = one.checkers.join(' or ')
  return `| ${one.name} ${one.what} | ${named} | ${caught} | ${first ?? '-'} | ${fired} |`
}
