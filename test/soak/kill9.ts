/**
 * `kill -9` of random nodes of a real cluster, each started again, while several clients read and
 * write; then every acknowledged write must be there: as a value, a sibling or an ancestor. Each
 * killed node's tree is held against its objects before it starts again.
 */
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, type Entry, KvError } from '../../src/client/index.ts'
import { destroy } from '../../src/cluster/down.ts'
import { actOnNodes } from '../../src/cluster/node-action.ts'
import { bringUpHere } from '../../src/cluster/up.ts'
import { readClusterFile, readSecret } from '../../src/node/node-files.ts'
import { coreSecrets } from '../../src/wire/secret.ts'
import { judgeKilled } from '../helpers/stored-tree.ts'
import { judge, type Verdict, type Write } from './history.ts'

export type Kill9Options = {
  readonly kills: number
  readonly clients: number
  /** Calls that each client has under way at a time. */
  readonly inFlight: number
  readonly keys: number
  readonly progress: (line: string) => void
}

export type Kill9Report = Verdict & {
  readonly kills: Readonly<Record<string, number>>
  /** Blocks of trees that markers named; blocks that were not what their objects add up to. */
  readonly marked: number
  readonly wrongBlocks: readonly string[]
  readonly writes: number
  readonly acknowledged: number
  readonly unsure: number
  readonly reads: number
  /** Failures by code, of reads and writes. */
  readonly failures: Readonly<Record<string, number>>
  readonly seconds: number
}

const timeoutMs = 30_000

export async function soakKill9(options: Kill9Options): Promise<Kill9Report> {
  const home = await mkdtemp(join(tmpdir(), 'kv-soak-'))
  const directory = join(home, 'soak')
  const begun = performance.now()
  try {
    const wanted = { nodes: 5, basePort: 0 }
    const taken = new Map<number, string>()
    // Its supervisor is in this process: a run that is broken off leaves no node behind.
    await bringUpHere({ directory, name: 'soak', wanted, timeoutMs, taken, home })
    const load = new Load(options)
    const clients = await Promise.all(
      Array.from({ length: options.clients }, () => connect({ cluster: directory })),
    )
    const work = clients.map((client, i) => load.run(client, i))
    const kills = await killAndStart(directory, options, () => load.acknowledged)
    load.stop()
    await Promise.all(work)
    const live = await readAll(clients[0]!, load.keys)
    await Promise.all(clients.map(client => client.close()))
    return load.report(judge(load.writes, live), kills, (performance.now() - begun) / 1000)
  } finally {
    await destroy(directory, timeoutMs)
    await rm(home, { recursive: true, force: true })
  }
}

/** One node after the other: killed, down for a moment, started; the supervisor does it. */
async function killAndStart(
  directory: string,
  { kills, progress }: Kill9Options,
  acknowledged: () => number,
): Promise<Pick<Kill9Report, 'kills' | 'marked' | 'wrongBlocks'>> {
  const secret = readSecret(join(directory, 'secret.json'), () => undefined)
  const { partitions } = readClusterFile(join(directory, 'cluster.json'))
  const tree = { digestKey: coreSecrets(secret).digest, partitions }
  const wrongBlocks: string[] = []
  let marked = 0
  const count: Record<string, number> = {}
  for (let i = 1; i <= kills; i++) {
    await pause(randomInt(50, 400))
    const node = `n${randomInt(1, 6)}`
    count[node] = (count[node] ?? 0) + 1
    await actOnNodes(directory, [node], 'kill', timeoutMs)
    await pause(randomInt(0, 300))
    const verdict = await judgeKilled(join(directory, 'nodes', node), tree)
    marked += verdict.marked
    wrongBlocks.push(...verdict.wrong.map(block => `kill ${i}, ${node}: ${block}`))
    await actOnNodes(directory, [node], 'start', timeoutMs)
    if (i % 10 === 0 || i === kills) {
      progress(`${i} kills, ${acknowledged()} writes acknowledged`)
    }
  }
  return { kills: count, marked, wrongBlocks }
}

class Load {
  readonly writes: Write[] = []
  readonly keys: readonly string[]
  readonly #options: Kill9Options
  readonly #failures: Record<string, number> = {}
  #stopped = false
  #reads = 0

  constructor(options: Kill9Options) {
    this.#options = options
    this.keys = Array.from({ length: options.keys }, (_, i) => `soak:${i}`)
  }

  get acknowledged(): number {
    return this.writes.filter(({ ended }) => ended === 'acknowledged').length
  }

  stop(): void {
    this.#stopped = true
  }

  async run(client: Client, number: number): Promise<void> {
    const lanes = Array.from({ length: this.#options.inFlight }, async (_, lane) => {
      for (let i = 0; !this.#stopped; i++) await this.#step(client, `${number}.${lane}.${i}`)
    })
    await Promise.all(lanes)
  }

  report(
    verdict: Verdict,
    kills: Pick<Kill9Report, 'kills' | 'marked' | 'wrongBlocks'>,
    seconds: number,
  ): Kill9Report {
    return {
      ...verdict,
      ...kills,
      writes: this.writes.length,
      acknowledged: this.acknowledged,
      unsure: this.writes.filter(({ ended }) => ended === 'unsure').length,
      reads: this.#reads,
      failures: this.#failures,
      seconds: Math.round(seconds),
    }
  }

  /** Reads a key and writes it with what it was shown; one in five is blind, and makes a sibling. */
  async #step(client: Client, value: string): Promise<void> {
    const key = this.keys[randomInt(this.keys.length)] ?? ''
    const isBlind = randomInt(5) === 0
    const entry = isBlind ? undefined : await this.#read(client, key)
    if (!isBlind && entry === undefined) return
    const saw = entry === undefined ? [] : valuesOf(entry)
    const write: Write = { value, key, saw, ended: 'unsure' }
    this.writes.push(write)
    try {
      await client.put(key, value, entry === undefined ? {} : { context: entry.context })
      write.ended = 'acknowledged'
    } catch (problem) {
      write.ended = this.#count(problem) ? 'failed' : 'unsure'
    }
  }

  async #read(client: Client, key: string): Promise<Entry | undefined> {
    try {
      this.#reads++
      return await client.get(key)
    } catch (problem) {
      this.#count(problem)
      return undefined
    }
  }

  /** True where it failed for certain. */
  #count(problem: unknown): boolean {
    if (!(problem instanceof KvError)) throw problem
    const name = `${problem.code}${problem.definite ? '' : ' (unsure)'}`
    this.#failures[name] = (this.#failures[name] ?? 0) + 1
    return problem.definite
  }
}

async function readAll(
  client: Client,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const live = new Map<string, readonly string[]>()
  for (const key of keys) live.set(key, valuesOf(await client.get(key)))
  return live
}

function valuesOf(entry: Entry): readonly string[] {
  if (!entry.found) return []
  const values = entry.conflict ? entry.siblings.map(({ value }) => value) : [entry.value]
  return values.map(value => Buffer.from(value ?? []).toString())
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
