/**
 * `npm run bench:repair`: what it costs two replicas of a million keys to find what differs and
 * to mend it (issue 6), on two real stores and over the real wire: two node processes on
 * loopback. Ends by itself and leaves nothing behind.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { rows } from './repair/anchors.ts'
import { type Cost, measureDifferences } from './repair/differences.ts'
import { names, Pair } from './repair/pair.ts'
import { fill } from './repair/stopped-store.ts'

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    differing: { type: 'string', default: rows.map(row => row.differing).join() },
    json: { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
  },
})
process.umask(0o077)
const keys = Number(flags.keys)
const directory = mkdtempSync(join(flags.dir, 'kv-bench-'))
let pair: Pair | undefined
process.once('SIGINT', () => void finish(130))
process.once('SIGTERM', () => void finish(143))
try {
  pair = await Pair.make(directory)
  await run(pair)
  await finish(0)
} catch (problem) {
  process.stderr.write(`${problem instanceof Error ? problem.stack : problem}\n`)
  await finish(1)
}

async function run(pair: Pair): Promise<void> {
  const emptyMs = timeOfEmptyNode()
  await fill(
    names.map(name => pair.place(name)),
    keys,
    progress,
  )
  progress('both nodes count their trees')
  await pair.startBoth()
  await pair.untilEqual()
  await pair.stopBoth()
  const costs: Cost[] = []
  let from = 0
  for (const differing of flags.differing.split(',').map(Number)) {
    progress(`${differing} objects differ`)
    costs.push(await measureDifferences(pair, differing, from))
    from += differing
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ keys, emptyMs, costs })}\n`)
  else process.stdout.write(tableOf(costs, emptyMs))
}

function tableOf(costs: readonly Cost[], emptyMs: number): string {
  const lines = [
    `${keys} keys, two nodes, 256 partitions, loopback; an empty node process: ${emptyMs.toFixed(0)} ms`,
    'find: bytes both ways until both know which entries differ, round trips; trade: keys and',
    'versions, without the objects; end: the comparison that then finds them equal',
    '',
    '| differ | find, B | at most | round trips | trade, B | round trips | moved a key | ms | end, B | elsewhere |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ]
  for (const cost of costs) {
    const { differing, moved } = cost
    const row = rows.find(one => one.differing === differing)
    const cells = [
      differing,
      differing === 0 ? cost.endBytes : cost.findBytes,
      row?.bytesMax ?? '',
      differing === 0 ? 1 : cost.findRounds,
      cost.tradeBytes,
      cost.tradeRounds,
      differing === 0 ? moved : (moved / differing).toFixed(2),
      cost.ms.toFixed(0),
      cost.endBytes,
      row?.anchors ?? '',
    ]
    lines.push(`| ${cells.join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}

/** Median of five. */
function timeOfEmptyNode(): number {
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    execFileSync(process.execPath, ['-e', ''])
    return performance.now() - began
  })
  return times.sort((a, b) => a - b)[2] ?? 0
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

async function finish(code: number): Promise<never> {
  await pair?.end()
  rmSync(directory, { recursive: true, force: true })
  process.exit(code)
}
