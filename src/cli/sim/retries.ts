/**
 * `npm run sim:retries -- [--timeouts 100000] [--from 1] [--bad 12]`: puts whose end no client
 * hears, repeated through other coordinators (`src/sim/retries.ts`). Ends with 9 where an
 * operation took effect twice or a write was lost.
 */
import { parseArgs } from 'node:util'
import type { RetriesResult } from '../../sim/retries.ts'
import { exitOf } from '../exit-codes.ts'
import { Progress, shownCount } from '../progress.ts'
import { printLine } from '../render.ts'
import type { Task } from './child.ts'
import { runTasks } from './pool.ts'

const { values } = parseArgs({
  options: {
    timeouts: { type: 'string', default: '100000' },
    from: { type: 'string', default: '1' },
    bad: { type: 'string' },
  },
})
/** In one cluster: enough, and it stays quick. */
const timeoutsOfOne = 2000
const wanted = Math.max(1, Number(values.timeouts) || 1)
const worlds = Math.ceil(wanted / timeoutsOfOne)
const tasks: Task[] = Array.from({ length: worlds }, (_, i) => ({
  seed: Number(values.from) + i,
  wishes: {},
  bad: values.bad,
  retries: Math.min(timeoutsOfOne, wanted - i * timeoutsOfOne),
}))
const progress = new Progress('clusters', worlds, false)
const all: RetriesResult[] = []
await runTasks(tasks, answer => {
  if (answer.type === 'broke') throw new Error(answer.error)
  if (answer.type !== 'retried') return
  all.push(answer.result)
  progress.show(all.length)
  if (answer.result.firstStory === undefined) return
  progress.end()
  printLine(`seed ${answer.seed}: ${answer.result.firstStory}`)
})
progress.end()
for (const [count, what] of linesOf()) printLine(`${shownCount(count).padStart(9)} ${what}`)
if (sum('duplicates') + sum('lost') > 0) process.exitCode = exitOf('CHECK_FAILED')

function linesOf(): readonly (readonly [number, string])[] {
  return [
    [sum('timeouts'), 'puts whose end the client did not hear'],
    [sum('lostBefore'), 'of them lost before they landed'],
    [sum('lostAfter'), 'of them lost after they had landed on a disk'],
    [sum('late'), 'of them late: they arrived after they had been repeated'],
    [sum('superseded'), 'overwritten by somebody who saw them, before the last try came'],
    [sum('deleted'), 'deleted by somebody who saw them, before the last try came'],
    [sum('acknowledged'), 'acknowledged when repeated through another coordinator'],
    [sum('duplicates'), 'took effect twice'],
    [sum('lost'), 'were acknowledged and lost'],
  ]
}

function sum(name: Exclude<keyof RetriesResult, 'firstStory' | 'hash' | 'seed'>): number {
  return all.reduce((total, result) => total + result[name], 0)
}
