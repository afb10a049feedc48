/**
 * `npm run bench:slow`: one replica becomes 100 times as slow to all others while 500 gets a
 * second go on (issue 5): how long the gets take before, in the first two seconds, and after
 * them, and how many were hedged.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, connect } from '../src/client/index.ts'
import { destroy } from '../src/cluster/down.ts'
import { bringUpHere } from '../src/cluster/up.ts'
import type { NodeId } from '../src/core/ids.ts'
import type { FaultDirection } from '../src/core/message.ts'

const { values: flags } = parseArgs({
  options: {
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '15' },
  },
})
const timeoutMs = 60_000
const nodes = ['n1', 'n2', 'n3', 'n4', 'n5']
const slow = 'n3'
const factor = 100
const keys = 2000
const home = mkdtempSync(join(tmpdir(), 'kv-bench-'))
const directory = join(home, 'slow')

async function run() {
  const wanted = { nodes: nodes.length, basePort: 0 }
  await bringUpHere({ directory, name: 'slow', wanted, timeoutMs, taken: new Map(), home })
  const client = await connect({ cluster: directory })
  try {
    for (let i = 0; i < keys; i++) await client.put(`key-${i}`, 'v'.repeat(64))
    const load = new Load(client, Number(flags.rate))
    await pause(3000)
    const normal = load.take()
    await pause(Number(flags.seconds) * 1000)
    const before = load.take()
    const [hedges, gets] = await counted(client)
    const delayMs = Math.max(1, Math.round((before.p50Ms * factor) / 2))
    await slowDown(client, delayMs)
    await pause(2000)
    const first = load.take()
    await pause(Number(flags.seconds) * 1000)
    const after = load.take()
    load.stop()
    const [hedgesThen, getsThen] = await counted(client)
    const hedged = (hedgesThen - hedges) / Math.max(1, getsThen - gets)
    const p99Ratio = after.p99Ms / before.p99Ms
    return { warmUp: normal, before, delayMs, first2s: first, after, p99Ratio, hedged }
  } finally {
    await client.close()
  }
}

/** What the slow node and each other one say to each other comes so much later, both ways. */
async function slowDown(client: Client, delayMs: number): Promise<void> {
  const both: readonly FaultDirection[] = ['in', 'out']
  const rules = nodes
    .filter(node => node !== slow)
    .flatMap(peer =>
      both.map(direction => {
        const late = { drop: 0, delayMs, jitterMs: 0, rate: undefined }
        return { peer: peer as NodeId, direction, ...late }
      }),
    )
  await client.faults(slow, { rules })
}

async function counted(client: Client): Promise<readonly [hedges: number, gets: number]> {
  let hedges = 0
  let gets = 0
  for (const node of nodes) {
    const counters = new Map((await client.status(node)).counters)
    hedges += counters.get('hedges') ?? 0
    gets += counters.get('gets') ?? 0
  }
  return [hedges, gets]
}

/** So many gets a second, whatever becomes of them. */
class Load {
  readonly #client: Client
  readonly #timer: NodeJS.Timeout
  readonly #began = performance.now()
  #took: number[] = []
  #failed = 0
  #sent = 0

  constructor(client: Client, perSecond: number) {
    this.#client = client
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - this.#began) / 1000) * perSecond)
      for (; this.#sent < due; this.#sent++) void this.#get(this.#sent)
    }, 5)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  take() {
    const sorted = this.#took.sort((a, b) => a - b)
    const at = (part: number) => {
      const index = Math.min(sorted.length - 1, Math.floor(part * sorted.length))
      return Math.round((sorted[index] ?? 0) * 100) / 100
    }
    const summary = { gets: sorted.length, failed: this.#failed, p50Ms: at(0.5), p99Ms: at(0.99) }
    this.#took = []
    this.#failed = 0
    return summary
  }

  async #get(number: number): Promise<void> {
    const began = performance.now()
    try {
      await this.#client.get(`key-${(number * 7919) % keys}`)
    } catch {
      this.#failed++
    }
    this.#took.push(performance.now() - began)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

try {
  process.stdout.write(`${JSON.stringify(await run())}\n`)
} finally {
  await destroy(directory, timeoutMs)
  rmSync(home, { recursive: true, force: true })
}
