/**
 * `npm run bench:refill [-- --records 200000 --rate 200]`: how fast a node whose disk was lost is
 * refilled (issue 6: 30,000 objects a second from the first to the last, whole within 15 s more,
 * and with 200 operations a second meanwhile a p99 of at most twice the usual one). Five nodes,
 * real records: key: path and line, value: the line, over the sources of the installed packages.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { demoPaths } from '../src/cli/demo-data.ts'
import { type Client, connect } from '../src/client/index.ts'
import { destroy } from '../src/cluster/down.ts'
import { actOnNodes } from '../src/cluster/node-action.ts'
import { bringUpHere } from '../src/cluster/up.ts'

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string', default: '200000' },
    /** Operations a second meanwhile; 0: none. */
    rate: { type: 'string', default: '200' },
  },
})
const records = Number(flags.records)
const rate = Number(flags.rate)
const timeoutMs = 60_000
const victim = 'n3'
/** A refill takes no longer. */
const limitMs = 180_000
const home = mkdtempSync(join(tmpdir(), 'kv-bench-'))
const directory = join(home, 'refill')

async function run() {
  const wanted = { nodes: 5, basePort: 0 }
  await bringUpHere({ directory, name: 'refill', wanted, timeoutMs, taken: new Map(), home })
  const client = await connect({ cluster: directory })
  try {
    const keys = await fill(client)
    await sleep(20_000)
    const load = new Load(client, keys)
    const usual = await load.during(async () => sleep(20_000))
    const meanwhile = await load.during(async () => {
      await actOnNodes(directory, [victim], 'wipe', timeoutMs)
      await actOnNodes(directory, [victim], 'start', timeoutMs)
      return watch(client)
    })
    const { result: refilled, ...latency } = meanwhile
    return { records: keys.length, rate, refilled, usual, meanwhile: latency }
  } finally {
    await client.close()
  }
}

/** Lines of the installed packages' sources. */
async function fill(client: Client): Promise<readonly string[]> {
  const root = join(process.cwd(), 'node_modules')
  const keys: string[] = []
  const values: string[] = []
  for (const path of await demoPaths(root)) {
    if (!/\.[cm]?[jt]s$/.test(path) || keys.length >= records) continue
    const lines = readFileSync(join(root, path), 'utf8').split('\n')
    for (const [i, line] of lines.entries()) {
      if (keys.length >= records || line.length > 4000) continue
      keys.push(`${path}:${i + 1}`)
      values.push(line)
    }
  }
  let next = 0
  const lane = async () => {
    while (next < keys.length) {
      const i = next++
      await client.put(keys[i] as string, values[i] as string, { timeoutMs })
    }
  }
  await Promise.all(Array.from({ length: 256 }, lane))
  return keys
}

/** Gets and puts in turn, at a fixed rate whatever they take (no coordinated omission). */
class Load {
  readonly #client: Client
  readonly #keys: readonly string[]

  constructor(client: Client, keys: readonly string[]) {
    this.#client = client
    this.#keys = keys
  }

  async during<Result>(what: () => Promise<Result>) {
    const took: number[] = []
    let failed = 0
    let count = 0
    const under = new Set<Promise<void>>()
    const begun = performance.now()
    const timer = setInterval(() => {
      const due = ((performance.now() - begun) / 1000) * rate
      for (; count < due; count++) {
        const one = this.#one(count, begun + (count / rate) * 1000).then(
          ms => void took.push(ms),
          () => void failed++,
        )
        under.add(one)
        one.finally(() => under.delete(one)).catch(() => undefined)
      }
    }, 1)
    const result = await what()
    clearInterval(timer)
    await Promise.all(under)
    took.sort((a, b) => a - b)
    const at = (part: number) => round(took[Math.floor(took.length * part)] ?? 0)
    return {
      result,
      operations: took.length,
      failed,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(0.9999),
    }
  }

  async #one(count: number, at: number): Promise<number> {
    const key = this.#keys[(count * 7919) % this.#keys.length] as string
    if (count % 2 === 0) await this.#client.get(key)
    else await this.#client.update(key, () => `changed ${count}`)
    return performance.now() - at
  }
}

/** `cpuUs`: of its process, since it started. */
type Seen = { readonly at: number; readonly objects: number; readonly cpuUs: number }

/**
 * From the first object that came to the last, and on until the node is whole. What clients
 * changed meanwhile is found by comparisons, and no part of the refill.
 */
async function watch(client: Client) {
  const begun = performance.now()
  let first: Seen | undefined
  let last: Seen = { at: 0, objects: 0, cpuUs: 0 }
  for (;;) {
    const status = await client.status(victim, { timeoutMs: 1000 }).catch(() => undefined)
    if (performance.now() - begun > limitMs) throw new Error(`${victim} is not whole in time`)
    if (status === undefined) continue
    const counters = new Map(status.counters)
    const now = performance.now()
    const objects = counters.get('refilled') ?? 0
    const cpuUs = (counters.get('cpuUserUs') ?? 0) + (counters.get('cpuSystemUs') ?? 0)
    if (objects > 0 && first === undefined) first = { at: now, objects, cpuUs }
    if (objects > last.objects) last = { at: now, objects, cpuUs }
    if (counters.get('whole') === 1 && first !== undefined) {
      const seconds = (last.at - first.at) / 1000
      return {
        objects: last.objects,
        seconds: round(seconds),
        perSecond: Math.round((last.objects - first.objects) / seconds),
        firstAfterSeconds: round((first.at - begun) / 1000),
        wholeAfterSeconds: round((now - last.at) / 1000),
        cpuMicrosEach: round((last.cpuUs - first.cpuUs) / (last.objects - first.objects)),
      }
    }
    await sleep(25)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

try {
  process.stdout.write(`${JSON.stringify(await run())}\n`)
} finally {
  await destroy(directory, timeoutMs)
  rmSync(home, { recursive: true, force: true })
}
