/**
 * Greedy clients against one node of three, from a process of their own: some ask for values of
 * 1 MiB and read nothing, some send half a frame and stop; then many ask for more than fits into
 * memory, and read it all. Another client's gets go on meanwhile, members are refused nothing,
 * and the node's memory stays bounded and comes back.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { NodeCluster } from '../helpers/node-processes.ts'
import type { RawClient } from '../helpers/raw-client.ts'
import type { GreedyOrder, GreedyTold } from './greedy-clients.ts'

export type GreedyOptions = {
  readonly directory: string
  /** Clients that ask and do not read, and the gets of each. */
  readonly stuck: number
  readonly gets: number
  /** Connections that send half a frame. */
  readonly halves: number
  /** Clients that read all that they ask for, and the gets of each. */
  readonly readers: number
  readonly readerGets: number
  readonly seconds: number
  readonly progress: (line: string) => void
}

export type GreedyReport = {
  readonly quietP99Ms: number
  readonly p99Ms: number
  /** How the other client's gets ended that did not end in their value. */
  readonly otherFailures: Readonly<Record<string, number>>
  readonly membersRefused: number
  readonly stuckRssAnonMiB: number
  readonly readersRssAnonMiB: number
  /** How the readers' gets ended. */
  readonly ended: Readonly<Record<string, number>>
  /** Connections of readers that the node closed to have room. */
  readonly readersClosed: number
  /** A while after all of them are gone. */
  readonly afterRssAnonMiB: number
}

const bigKeys = 8
const bigBytes = 1024 * 1024
const entry = fileURLToPath(new URL('./greedy-clients.js', import.meta.url))

/** Throws where the node dies. */
export async function soakGreedy(options: GreedyOptions): Promise<GreedyReport> {
  const cluster = await NodeCluster.make(options.directory, 3)
  try {
    await cluster.startAll()
    const other = await cluster.client('n1')
    await fill(other)
    const node = new Watched(cluster.running.get('n1')?.child.pid ?? 0)
    await getsFor(other, 2000)
    const quiet = await getsFor(other, 5000)
    options.progress(`quiet: p99 ${quiet.p99Ms} ms, RssAnon ${node.rssAnonMiB()} MiB`)

    const { stuck, gets, halves } = options
    const greedy = await Greedy.start(cluster, { stuck, gets, halves, readers: 0, readerGets: 0 })
    options.progress(`${stuck} that do not read and ${halves} half frames are there`)
    const pressed = await getsFor(other, options.seconds * 1000)
    const stuckRssAnonMiB = node.takePeak()
    await greedy.end()
    options.progress(`pressed: p99 ${pressed.p99Ms} ms, RssAnon ${stuckRssAnonMiB} MiB at most`)

    const { readers, readerGets } = options
    const closed = await counterOf(other, 'closedForRoom')
    const readersOrder = { stuck: 0, gets: 0, halves: 0, readers, readerGets }
    const reading = await Greedy.start(cluster, readersOrder)
    const ended = await reading.ended
    await reading.end()
    const readersRssAnonMiB = node.takePeak()
    options.progress(`${JSON.stringify(ended)}, RssAnon ${readersRssAnonMiB} MiB at most`)

    await getsFor(other, 15_000)
    const afterRssAnonMiB = node.rssAnonMiB()
    const readersClosed = (await counterOf(other, 'closedForRoom')) - closed
    const membersRefused = await counterOf(other, 'membersRefused')
    node.end()
    await other.close()
    return {
      quietP99Ms: quiet.p99Ms,
      p99Ms: pressed.p99Ms,
      otherFailures: pressed.failures,
      membersRefused,
      stuckRssAnonMiB,
      readersRssAnonMiB,
      ended,
      readersClosed,
      afterRssAnonMiB,
    }
  } finally {
    await cluster.end()
  }
}

async function fill(client: RawClient): Promise<void> {
  for (let i = 0; i < bigKeys; i++) {
    const reply = await client.put(`big:${i}`, 'x'.repeat(bigBytes))
    if (reply.type !== 'wrote') throw new Error(`big:${i}: ${JSON.stringify(reply)}`)
  }
  await client.put('small', 'value')
}

/** One get after the other. */
async function getsFor(client: RawClient, ms: number) {
  const took: number[] = []
  const failures: Record<string, number> = {}
  const until = performance.now() + ms
  while (performance.now() < until) {
    const begun = performance.now()
    const values = await client.values('small')
    took.push(performance.now() - begun)
    if (typeof values === 'string') failures[values] = (failures[values] ?? 0) + 1
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  took.sort((a, b) => a - b)
  const p99 = took[Math.floor(took.length * 0.99)] ?? 0
  return { p99Ms: Math.round(p99 * 10) / 10, failures }
}

async function counterOf(client: RawClient, name: string): Promise<number> {
  const { counters } = await client.status()
  return counters.find(([one]) => one === name)?.[1] ?? -1
}

/** Anonymous memory of a process, looked at ten times a second. */
class Watched {
  readonly #pid: number
  readonly #timer: NodeJS.Timeout
  #peak = 0

  constructor(pid: number) {
    this.#pid = pid
    this.#timer = setInterval(() => this.#look(), 100)
  }

  rssAnonMiB(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8')
    return Math.round(Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  }

  takePeak(): number {
    this.#look()
    const peak = this.#peak
    this.#peak = 0
    return peak
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, this.rssAnonMiB())
  }
}

/** The process of the greedy clients. */
class Greedy {
  /** How their gets ended; once all that read have ended theirs. */
  readonly ended: Promise<Readonly<Record<string, number>>>
  readonly #child: ReturnType<typeof fork>

  private constructor(child: ReturnType<typeof fork>, order: GreedyOrder) {
    this.#child = child
    this.ended = new Promise(resolve => {
      child.on('message', (told: GreedyTold) => told.type === 'ended' && resolve(told.ended))
    })
    child.send(order)
  }

  /** Resolves once all of them are at work. */
  static async start(
    cluster: NodeCluster,
    order: Omit<GreedyOrder, 'port' | 'network' | 'bigKeys'>,
  ): Promise<Greedy> {
    const child = fork(entry, { execArgv: [], env: { PATH: process.env['PATH'] } })
    const { network } = cluster.secret
    const greedy = new Greedy(child, { ...order, port: cluster.port('n1'), network, bigKeys })
    const died = once(child, 'exit').then(() => {
      throw new Error('the greedy clients ended')
    })
    died.catch(() => undefined)
    await Promise.race([once(child, 'message'), died])
    return greedy
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
