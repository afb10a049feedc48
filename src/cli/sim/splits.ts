/**
 * `npm run sim:splits -- [--seeds 10] [--from 1] [--puts 60]`: plain puts as a split begins, sent
 * again by their clients, then 8 to 30 later writes on each key (`src/sim/splits.ts`). Ends with 9
 * if an operation took effect twice or a write was lost.
 */
import { parseArgs } from 'node:util'
import { runSplits } from '../../sim/splits.ts'
import { exitOf } from '../exit-codes.ts'
import { printLine } from '../render.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    from: { type: 'string', default: '1' },
    puts: { type: 'string', default: '60' },
  },
})
const [seeds, from, puts] = [values.seeds, values.from, values.puts].map(Number) as [
  number,
  number,
  number,
]
for (let seed = from; seed < from + seeds; seed++) {
  const { hash: _, firstStory, ...counts } = runSplits(seed, 1, puts)
  const told = Object.entries(counts).map(([name, count]) => `${name} ${count}`)
  printLine(told.join(', '))
  if (firstStory !== undefined) printLine(`  ${firstStory}`)
  if (counts.duplicates + counts.lost > 0) process.exitCode = exitOf('CHECK_FAILED')
}
