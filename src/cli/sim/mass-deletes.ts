/**
 * `npm run sim:mass-deletes -- [--seeds 1] [--from 1] [--keys 10000]`: that many keys are deleted
 * while a node is away (`src/sim/mass-delete.ts`). Ends with 9 if something came back or is left,
 * a node that lived was suspected, or a step, commit or message had more than it may.
 */
import { parseArgs } from 'node:util'
import { boundsPassed, runMassDelete } from '../../sim/mass-delete.ts'
import { exitOf } from '../exit-codes.ts'
import { printLine } from '../render.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    from: { type: 'string', default: '1' },
    keys: { type: 'string', default: '10000' },
  },
})
const [seeds, from, keys] = [values.seeds, values.from, values.keys].map(Number) as [
  number,
  number,
  number,
]
for (let seed = from; seed < from + seeds; seed++) {
  const result = runMassDelete(seed, keys)
  const { hash: _, firstStory, ...counts } = result
  printLine(
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  )
  if (firstStory !== undefined) printLine(`  ${firstStory}`)
  const passed = boundsPassed(result)
  for (const line of passed) printLine(`  ${line}`)
  if (passed.length > 0) process.exitCode = exitOf('CHECK_FAILED')
}
