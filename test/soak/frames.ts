/**
 * Mutated frames against one node of a cluster, from several connections at once: of strangers
 * before their proof, of clients, and of one who has the secret and calls itself a member. The
 * node must live, answer others meanwhile, and hold no more memory at the end than early on.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { binaryOfHex } from '../../src/core/binary.ts'
import type { ClusterId, Epoch, NodeId, StartId, StoreId } from '../../src/core/ids.ts'
import { clientChannel } from '../helpers/connections.ts'
import { mutations } from '../helpers/mutations.ts'
import { NodeCluster } from '../helpers/node-processes.ts'
import { RawClient } from '../helpers/raw-client.ts'
import { clientMakes, type Frame, memberMakes, mutatedFrames } from './sample-frames.ts'

export type FramesOptions = {
  readonly frames: number
  readonly connections: number
  readonly directory: string
  readonly progress: (line: string) => void
}

export type FramesReport = {
  readonly sent: number
  readonly connections: { strangers: number; clients: number; members: number }
  /** What the node took up, and what it refused, by its own counters. */
  readonly counters: Readonly<Record<string, number>>
  /** Resident memory of the node in MiB, each 20th of the run. */
  readonly rssMiB: readonly number[]
  readonly prototypesUntouched: boolean
  /** Requests of another client during the attack, each answered rightly. */
  readonly answered: number
  readonly seconds: number
}

/** Throws where the node dies, answers wrongly, or the run cannot go on. */
export async function soakFrames(options: FramesOptions): Promise<FramesReport> {
  const cluster = await NodeCluster.make(options.directory, 3)
  const probe = fileURLToPath(new URL('../fixtures/prototype-probe.js', import.meta.url))
  cluster.nodeFlags = ['--import', probe]
  try {
    const begun = performance.now()
    await cluster.start('n1')
    await cluster.start('n2')
    await cluster.untilConnected('n1')
    const before = await prototypesOf(cluster)
    const attack = new Attack(cluster, options)
    await attack.run()
    const after = await prototypesOf(cluster)
    return {
      ...attack.report(),
      prototypesUntouched: before === after,
      seconds: Math.round((performance.now() - begun) / 1000),
    }
  } finally {
    await cluster.end()
  }
}

/** Warm from a quarter of the run on; from there it may move by 64 MiB, which is noise of V8's. */
export function isFlat(rssMiB: readonly number[]): boolean {
  const [warm = 0, ...later] = rssMiB.slice(Math.floor(rssMiB.length / 4))
  return later.every(rss => rss - warm < 64)
}

const shownCounters = ['puts', 'gets', 'copies', 'reads', 'malformed', 'refusedHellos', 'busy']
const samples = 20
/** Frames of one connection, unless one of them ends it before. */
const framesMax = 200
const burst = 16

class Attack {
  readonly #cluster: NodeCluster
  readonly #options: FramesOptions
  readonly #connections = { strangers: 0, clients: 0, members: 0 }
  readonly #rssMiB: number[] = []
  #counters: Record<string, number> = {}
  #sent = 0
  #answered = 0
  #seed = 1
  #epoch = '' as Epoch

  constructor(cluster: NodeCluster, options: FramesOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  report() {
    return {
      sent: this.#sent,
      connections: this.#connections,
      counters: this.#counters,
      rssMiB: this.#rssMiB,
      answered: this.#answered,
    }
  }

  async run(): Promise<void> {
    const watcher = await this.#cluster.client('n1')
    this.#epoch = watcher.epoch
    await watcher.put('kept', 'as it was')
    const lanes = Array.from({ length: this.#options.connections }, (_, lane) => this.#lane(lane))
    let done = false
    const all = Promise.all(lanes).finally(() => {
      done = true
    })
    while (!done) {
      await this.#check(watcher)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    await all
    await this.#check(watcher)
    for (const name of shownCounters) this.#counters[name] = await watcher.counter(name)
    await watcher.close()
  }

  /** Another client's requests go on; now and then the node's memory is looked at. */
  async #check(watcher: RawClient): Promise<void> {
    const values = await watcher.values('kept')
    if (String(values) !== 'as it was') throw new Error(`kept: ${values}`)
    this.#answered++
    if (this.#sent < (this.#rssMiB.length * this.#options.frames) / samples) return
    const rss = Math.round((await watcher.counter('rssBytes')) / 2 ** 20)
    this.#rssMiB.push(rss)
    this.#options.progress(`${this.#sent} frames sent, rss ${rss} MiB`)
  }

  /** One lane in four is of strangers; one is the member, for a second one would end the first. */
  async #lane(lane: number): Promise<void> {
    while (this.#sent < this.#options.frames) {
      if (lane % 4 === 3) await this.#stranger()
      else await this.#proved(lane === 0)
    }
  }

  async #proved(isMember: boolean): Promise<void> {
    const cluster = this.#cluster
    const id = binaryOfHex(cluster.file.id) as ClusterId
    const { network } = cluster.secret
    const port = cluster.port('n1')
    const client = isMember
      ? await RawClient.open(port, network, member, id)
      : await RawClient.open(port, network)
    if (isMember) this.#connections.members++
    else this.#connections.clients++
    const epoch = isMember ? this.#epoch : client.epoch
    const makes = isMember ? memberMakes : clientMakes
    await this.#send(client.socket, mutatedFrames(makes, epoch, framesMax, this.#seed++))
  }

  /** A damaged hello; or a right one, and a damaged proof. */
  async #stranger(): Promise<void> {
    this.#connections.strangers++
    const { network } = this.#cluster.secret
    const port = this.#cluster.port('n1')
    const channel = clientChannel({ network, cluster: undefined, expected: undefined, port })
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const seed = this.#seed++
    const hello = channel.takeOutput() ?? new Uint8Array()
    if (seed % 2 === 0) return this.#send(socket, [...mutations([hello], 1, seed)])
    socket.on('error', () => undefined)
    socket.write(hello)
    const welcome = await Promise.race([once(socket, 'data'), once(socket, 'close')])
    if (welcome[0] instanceof Uint8Array) channel.push(welcome[0])
    await this.#send(socket, [...mutations([channel.takeOutput() ?? hello], 1, seed)])
  }

  /** A few at a time, with time for an answer between, until the other side has had enough. */
  async #send(socket: Socket, frames: Iterable<Frame>): Promise<void> {
    socket.on('error', () => undefined)
    const closed = new Promise(resolve => socket.once('close', resolve))
    const queue = [...frames]
    while (queue.length > 0 && !socket.destroyed && socket.writable) {
      const some = queue.splice(0, burst)
      socket.write(Buffer.concat(some))
      this.#sent += some.length
      await Promise.race([once(socket, 'data').catch(() => 0), closed, pause(20)])
    }
    socket.end()
    await closed
  }
}

const member = {
  node: 'n3' as NodeId,
  store: 'store--3' as StoreId,
  start: 'start--3' as StartId,
  durableAtStart: 0,
  durable: 0,
  port: 1,
}

async function prototypesOf(cluster: NodeCluster): Promise<string> {
  const { child } = cluster.running.get('n1')!
  const told = once(child, 'message')
  child.send({ type: 'prototypes' })
  return JSON.stringify(await told)
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
