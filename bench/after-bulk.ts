/**
 * `npm run bench:after-bulk [-- --keys 1000000]`: what a large piece of work costs the puts after
 * it. Two nodes over real LMDB (`local-pair.ts`) hold so many keys; then one starts again, is
 * refilled, is drained to, or an import runs; and puts ten seconds later are compared with those
 * before, 64 in flight, on both disks. `--compare` does all of it again with lmdb's own bounds for
 * free pages, which the product replaces. CPU is of all threads, and steadier than the rate.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { FreePagesKept } from '../src/node/lmdb-environment.ts'
import { keyName, LocalPair } from './local-pair.ts'

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    /** Puts while a node is away, and of the import. */
    bulk: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '6' },
    work: { type: 'string', default: 'start,refill,drain,import' },
    compare: { type: 'boolean', default: false },
    dir: { type: 'string', default: tmpdir() },
  },
})
const keys = Number(flags.keys)
const bulk = Math.min(keys, Number(flags.bulk))
const seconds = Number(flags.seconds)
const waitMs = 10_000
const ofLmdb: FreePagesKept = { maxFreeSpaceToLoad: 50_000, maxFreeSpaceToRetain: 75_000 }
const home = mkdtempSync(join(flags.dir, 'kv-bench-'))
const filledHome = join(home, 'filled')

type Work = (pair: LocalPair) => Promise<void>
const works: Readonly<Record<string, Work>> = {
  start: async pair => {
    await pair.stop('n2')
    await pair.start('n2', true)
    await until(() => isWhole(pair))
  },
  refill: async pair => {
    await pair.stop('n2')
    rmSync(join(workHome, 'n2'), { recursive: true, force: true })
    await pair.start('n2', false)
    await until(() => isWhole(pair))
  },
  drain: async pair => {
    await pair.stop('n2')
    await sleep(5000)
    await putMany(pair, bulk, 1024, 1)
    await pair.start('n2', true)
    await until(() => pair.first.replica.observe().hints === 0)
  },
  import: pair => putMany(pair, bulk, 16_384, 2),
}
let workHome = ''
/** Every so many of the keys is written again, with the context of its last put. */
const step = Math.max(1, Math.floor(keys / 200_000))
const again = Math.floor(keys / step)
let contexts: (Uint8Array | undefined)[] = []
let next = 0

try {
  const last = await fill()
  for (const name of flags.work.split(',')) {
    for (const kept of flags.compare ? [undefined, ofLmdb] : [undefined]) {
      contexts = [...last]
      say(await measured(name, kept))
    }
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
process.exit(0)

/** All keys once, then a clean stop: every piece of work begins with a copy of this. */
async function fill(): Promise<readonly (Uint8Array | undefined)[]> {
  const pair = new LocalPair({ home: filledHome, freePagesKept: undefined })
  await begin(pair)
  const begun = performance.now()
  let filled = 0
  const lane = async () => {
    while (filled < keys) await put(pair, filled++, 2)
  }
  await Promise.all(Array.from({ length: 2048 }, lane))
  say({ filled: keys, seconds: round((performance.now() - begun) / 1000) })
  await end(pair)
  return contexts
}

async function measured(name: string, freePagesKept: FreePagesKept | undefined) {
  workHome = join(home, name)
  cpSync(filledHome, workHome, { recursive: true })
  const pair = new LocalPair({ home: workHome, freePagesKept })
  await begin(pair)
  await rate(pair, 2)
  const before = await rate(pair, seconds)
  const begun = performance.now()
  await (works[name] as Work)(pair)
  const tookSeconds = round((performance.now() - begun) / 1000)
  await sleep(waitMs)
  const after = await rate(pair, seconds)
  await end(pair)
  rmSync(workHome, { recursive: true, force: true })
  const kept = freePagesKept === undefined ? 'as the product has it' : "lmdb's own"
  const ratio = round(after.perSecond / before.perSecond)
  const ratioByCpu = round(before.cpuUs / after.cpuUs)
  return { work: name, freePages: kept, tookSeconds, before, after, ratio, ratioByCpu }
}

async function begin(pair: LocalPair): Promise<void> {
  await pair.start('n1', true)
  await pair.start('n2', true)
  await until(() => isWhole(pair))
}

async function end(pair: LocalPair): Promise<void> {
  await pair.stop('n2')
  await pair.stop('n1')
}

/** Puts of keys that exist, at random, 64 in flight, durable on both disks. */
async function rate(pair: LocalPair, forSeconds: number) {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  let puts = 0
  const lane = async () => {
    while (performance.now() - begun < forSeconds * 1000) {
      await put(pair, anyKey(), 2)
      puts++
    }
  }
  await Promise.all(Array.from({ length: 64 }, lane))
  const { user, system } = process.cpuUsage(cpu)
  const took = (performance.now() - begun) / 1000
  return { perSecond: Math.round(puts / took), cpuUs: round((user + system) / puts) }
}

async function putMany(pair: LocalPair, count: number, inFlight: number, w: number): Promise<void> {
  let left = count
  const lane = async () => {
    while (left-- > 0) await put(pair, anyKey(), w)
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
}

async function put(pair: LocalPair, key: number, w: number): Promise<void> {
  const reply = await pair.first.put(keyName(key), contexts[key / step], w)
  if (reply.type === 'wrote') {
    if (key % step === 0) contexts[key / step] = reply.context
    return
  }
  // Refused for a while, as a client would find it; it tries again.
  const code = reply.type === 'failed' ? reply.failure.code : reply.type
  if (code !== 'BUSY' && code !== 'BELOW_FLOOR') throw new Error(`a put ended ${code}`)
  await sleep(20)
  return put(pair, key, w)
}

/** In the order of their numbers, which is none in the order of the disk. */
function anyKey(): number {
  return (next++ % again) * step
}

function isWhole(pair: LocalPair): boolean {
  return ['n1', 'n2'].every(name => pair.node(name).replica.observe().wholeness.whole)
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(50)
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
