/**
 * `npm run sim:hot-key -- [--seconds 600] [--clients 200] [--rate 4] [--lost 200] [--seed 1]`: one
 * key that many clients write while an owner is cut off for minutes (`src/sim/hot-key.ts`). `rate`:
 * puts a second, of all together; `lost`: of a thousand the first request of so many, or its reply,
 * is lost. Ends
 * with 9 if an operation took effect twice or a write was lost.
 */
import { parseArgs } from 'node:util'
import { type HotKeyPhase, runHotKey } from '../../sim/hot-key.ts'
import { exitOf } from '../exit-codes.ts'
import { printLine } from '../render.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    clients: { type: 'string', default: '200' },
    rate: { type: 'string', default: '4' },
    lost: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
  },
})
const result = runHotKey({
  seed: Number(values.seed),
  clients: Number(values.clients),
  seconds: Number(values.seconds),
  putsPerSecond: Number(values.rate),
  lostPermille: Number(values.lost),
})
const columns: readonly (readonly [keyof HotKeyPhase, string])[] = [
  ['seconds', 'seconds'],
  ['puts', 'puts'],
  ['acknowledged', 'acknowledged'],
  ['pinned', 'pins made'],
  ['dots', 'second dots'],
  ['unasked', 'unasked'],
  ['unknown', 'unknown'],
  ['full', 'pins full'],
  ['belowList', 'below list'],
  ['belowFloor', 'below floor'],
  ['tooFew', 'too few'],
  ['shed', 'shed'],
]
const phases = [
  ['pins not full', result.before],
  ['pins full', result.full],
  ['healed', result.healed],
] as const
printLine(['', ...columns.map(([, title]) => title)].map(cell => cell.padStart(13)).join(''))
for (const [name, phase] of phases) {
  const cells = columns.map(([column]) => String(Math.round(phase[column])))
  printLine([name, ...cells].map(cell => cell.padStart(13)).join(''))
}
const { pinsMost, pinBytesMost, recordBytesMost, roundsToShed, secondsToShed } = result
printLine(
  `at most ${pinsMost} pins in a copy: ${pinBytesMost} of its ${recordBytesMost} bytes; ` +
    (roundsToShed === undefined
      ? 'pins were left at the end'
      : `gone ${secondsToShed} s after the healing, in ${roundsToShed} rounds`),
)
printLine(`${result.duplicates} took effect twice, ${result.lost} were acknowledged and lost`)
if (result.firstStory !== undefined) printLine(`  ${result.firstStory}`)
if (result.duplicates + result.lost > 0) process.exitCode = exitOf('CHECK_FAILED')
