/**
 * `npm run bench:repair`: what it costs two replicas of a million keys to find what differs and
 * to mend it, and what a tree costs that makes this cheap (issue 6), on two real stores and over
 * the real wire: two node processes on loopback. Ends by itself and leaves nothing behind.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { rows } from './repair/anchors.ts'
import { measureAfterHealing, measureAtRest, measureUnderWrites } from './repair/at-rest.ts'
import { type Cost, measureDifferences } from './repair/differences.ts'
import { measureOpening } from './repair/opening.ts'
import { names, Pair } from './repair/pair.ts'
import { measurePutRate } from './repair/put-rate.ts'
import { openingLines, putRateLines, restLines, tableOf, upkeepLines } from './repair/report.ts'
import { fill } from './repair/stopped-store.ts'
import { measureUpkeep } from './repair/upkeep.ts'

const sections = ['open', 'differ', 'rest', 'upkeep', 'put']
const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    differing: { type: 'string', default: rows.map(row => row.differing).join() },
    only: { type: 'string', default: sections.join() },
    dir: { type: 'string', default: tmpdir() },
  },
})
process.umask(0o077)
const keys = Number(flags.keys)
const directory = mkdtempSync(join(flags.dir, 'kv-bench-'))
const all: Pair[] = []
process.once('SIGINT', () => void finish(130))
process.once('SIGTERM', () => void finish(143))
try {
  const pair = await Pair.make(directory)
  all.push(pair)
  await run(pair)
  await finish(0)
} catch (problem) {
  process.stderr.write(`${problem instanceof Error ? problem.stack : problem}\n`)
  await finish(1)
}

async function run(pair: Pair): Promise<void> {
  const only = flags.only.split(',')
  if (only.includes('put')) {
    print(putRateLines(await measurePutRate(directory, progress), emptyNode()))
  }
  if (only.some(section => section !== 'put')) await runPair(pair, only)
}

async function runPair(pair: Pair, only: readonly string[]): Promise<void> {
  print([`${keys} keys, two nodes, 256 partitions, loopback`, ''])
  const other = only.includes('rest') ? await anotherPair() : undefined
  const pairs = other === undefined ? [pair] : [pair, other]
  const places = pairs.flatMap(one => names.map(name => one.place(name)))
  await fill(places, keys, progress)
  progress('the nodes count their trees')
  for (const one of pairs) {
    await one.startBoth()
    await one.untilEqual()
    await one.stopBoth()
  }
  if (only.includes('open')) print(openingLines(await measureOpening(pair, keys), emptyNode()))
  if (only.includes('differ')) print(tableOf(await differences(pair), emptyNode()))
  if (other !== undefined) {
    progress('rest')
    const rest = await measureAtRest(pair, other)
    const writes = await measureUnderWrites(pair, keys)
    print(restLines(rest, writes, await measureAfterHealing(pair, keys / 2), emptyNode()))
  }
  // The last one: the tree of the second store is wrong then.
  if (only.includes('upkeep')) {
    const upkeep = await measureUpkeep(pair.place('n1'), pair.place('n2'), keys)
    print(upkeepLines(upkeep, emptyNode()))
  }
}

async function anotherPair(): Promise<Pair> {
  const own = join(directory, 'other')
  mkdirSync(own)
  const other = await Pair.make(own)
  all.push(other)
  return other
}

async function differences(pair: Pair): Promise<readonly Cost[]> {
  const costs: Cost[] = []
  let from = 0
  for (const differing of flags.differing.split(',').map(Number)) {
    progress(`${differing} objects differ`)
    costs.push(await measureDifferences(pair, differing, from))
    from += differing
  }
  return costs
}

/** Medians of nine: an empty node process, from the start to the end, and its CPU. */
function emptyNode(): string {
  const program = 'const{user,system}=process.cpuUsage();console.log((user+system)/1000)'
  const runs = Array.from({ length: 9 }, () => {
    const began = performance.now()
    const cpu = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })
    return { ms: performance.now() - began, cpuMs: Number(cpu) }
  })
  const median = (of: (run: (typeof runs)[number]) => number) => {
    return (runs.map(of).sort((a, b) => a - b)[4] ?? 0).toFixed(0)
  }
  return `an empty node process: ${median(({ ms }) => ms)} ms, ${median(({ cpuMs }) => cpuMs)} ms of CPU`
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

async function finish(code: number): Promise<never> {
  for (const one of all) await one.end()
  rmSync(directory, { recursive: true, force: true })
  process.exit(code)
}
