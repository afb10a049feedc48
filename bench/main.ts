/**
 * `npm run bench`: quorum puts and gets beside the floor (`docs/performance.md` says what is
 * measured and how). Ends by itself and leaves nothing behind.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare, type Plan, warmUp } from './comparison.ts'
import type { Contender } from './contender.ts'
import { startFloor } from './floor.ts'
import { KeySet, valueBytes } from './key-set.ts'
import { startProduct } from './product.ts'
import { linesOf, shownSpread, tableOf } from './report.ts'
import { measureGet, measureUp, type StartUp } from './start-up.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    keys: { type: 'string', default: '40000' },
    rounds: { type: 'string', default: '10' },
    'slice-ms': { type: 'string', default: '500' },
    'in-flight': { type: 'string', default: '1,64,512' },
    pairs: { type: 'string', default: '11' },
    ascending: { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
  },
})
const plan: Plan = {
  keys: Number(flags.keys),
  inFlight: flags['in-flight'].split(',').map(Number),
  rounds: Number(flags.rounds),
  sliceMs: Number(flags['slice-ms']),
}
process.umask(0o077)
const directory = mkdtempSync(join(flags.dir, 'kv-bench-'))
const closers: (() => Promise<void>)[] = []
const productKeys = new KeySet(plan.keys, 'bench')
process.once('SIGINT', () => void finish(130))
process.once('SIGTERM', () => void finish(143))
try {
  await finish(await run())
} catch (problem) {
  process.stderr.write(`${problem instanceof Error ? problem.stack : problem}\n`)
  await finish(1)
}

async function run(): Promise<number> {
  const { contenders, recordBytes } = await start()
  await warmUp(contenders, plan, progress)
  const lines = linesOf(await compare(contenders, plan, progress))
  for (const contender of contenders) await contender.verify(sampleOf(plan.keys))
  const faults = contenders.map(({ name, faults }) => ({ name, ...faults }))
  const isVoid = faults.some(one => one.mismatches + one.siblings + one.errors + one.lost > 0)
  progress('start-up')
  const startUp = await startUps(Number(flags.pairs))
  const result = { plan, machine: machineOf(), recordBytes: recordBytes(), lines, faults, isVoid }
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...result, startUp })}\n`)
  else process.stdout.write(textOf(result, startUp))
  return isVoid ? 1 : 0
}

/** By command; nothing where no pairs are asked for. */
async function startUps(pairs: number): Promise<Readonly<Record<string, StartUp>>> {
  if (pairs === 0) return {}
  const get = await measureGet(join(directory, 'product'), pairs)
  for (const close of closers.splice(0)) await close()
  return { 'kv get': get, 'kv cluster up -n 5': await measureUp(join(directory, 'up'), pairs) }
}

async function start() {
  for (const name of ['floor', 'product']) mkdirSync(join(directory, name))
  const product = await startProduct(join(directory, 'product'), productKeys, [], flags.profile)
  closers.push(product.close)
  const floor = await startFloor(join(directory, 'floor'), sometimes(product.recordBytes))
  closers.push(floor.close)
  const hashed = floor.contender('floor', new KeySet(plan.keys, 'bench'), true)
  const ascending = floor.contender('ascending floor', new KeySet(plan.keys, 'ascend'), false)
  const contenders: Contender[] = [hashed, product]
  if (flags.ascending) contenders.push(ascending)
  return { contenders, recordBytes: product.recordBytes }
}

/** The value as of the last 5,000 calls: it is dear, and moves slowly. */
function sometimes(measure: () => number): () => number {
  let calls = 0
  let value = 0
  return () => {
    if (calls++ % 5000 === 0) value = measure()
    return value
  }
}

/** At most 1,000 keys, spread over all. */
function sampleOf(size: number): readonly number[] {
  const step = Math.ceil(size / 1000)
  return Array.from({ length: Math.floor(size / step) }, (_, i) => i * step)
}

function machineOf() {
  const lmdb = new URL('../../node_modules/lmdb/package.json', import.meta.url)
  const disk = execFileSync('df', ['-PT', directory], { encoding: 'utf8' }).trim().split('\n')[1]
  return {
    node: process.versions.node,
    lmdb: String(JSON.parse(readFileSync(lmdb, 'utf8')).version),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    fileSystem: disk?.split(/\s+/)[1] ?? 'unknown',
  }
}

function textOf(
  result: {
    readonly machine: ReturnType<typeof machineOf>
    readonly recordBytes: number
    readonly lines: ReturnType<typeof linesOf>
    readonly faults: readonly object[]
    readonly isVoid: boolean
  },
  startUp: Readonly<Record<string, StartUp>>,
): string {
  const { machine, recordBytes, lines, faults, isVoid } = result
  const out = [
    `N=3, R=2, W=2, durable; ${plan.keys} keys, values of ${valueBytes} bytes, records of ` +
      `${recordBytes}; ${plan.rounds} rounds of ${plan.sliceMs} ms`,
    `node ${machine.node}, lmdb ${machine.lmdb}, ${machine.cores} cores (${machine.cpu}), ` +
      machine.fileSystem,
    'medians, [min-max]; user, kernel (all nodes together), client: CPU us an operation',
    '',
    tableOf(lines),
    '',
    ...faults.map(one => JSON.stringify(one)),
    isVoid ? 'VOID: an answer was wrong, so no figure counts' : 'every answer was right',
  ]
  for (const [command, { commandMs, emptyMs, ratio, scaledMs }] of Object.entries(startUp)) {
    out.push(
      `${command}, cold: ${shownSpread(commandMs, 0)} ms; an empty node process: ` +
        `${shownSpread(emptyMs, 0)} ms; ratio ${shownSpread(ratio)}; ` +
        `${scaledMs.toFixed(0)} ms where an empty process takes 55 ms`,
    )
  }
  return `${out.join('\n')}\n`
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

async function finish(code: number): Promise<never> {
  for (const close of closers.splice(0)) await close()
  rmSync(directory, { recursive: true, force: true })
  process.exit(code)
}
