/**
 * Two nodes of the product in this process: the replica over the store on a real disk, with a
 * loop that performs its effects as `src/node/runtime.ts` does and hands messages over in memory.
 * What is left out is sockets and the codec, so that what is measured is the disk and core.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { binaryOf, binaryOfUint48 } from '../src/core/binary.ts'
import type { ClusterId, Instant, Key, NodeId, OpId, StartId, StoreId } from '../src/core/ids.ts'
import type { ClientReply, ClusterSettings, PeerMessage } from '../src/core/message.ts'
import { Replica } from '../src/core/replica.ts'
import type { Caller, CommitId, Effect, Input, Row } from '../src/core/step.ts'
import { nodeHash } from '../src/node/hash.ts'
import type { FreePagesKept } from '../src/node/lmdb-environment.ts'
import type { OpenedStore } from '../src/node/lmdb-store.ts'
import { openStore } from '../src/node/open-store.ts'
import { randomBinary } from '../src/node/random-pool.ts'

export type LocalOptions = {
  /** Where the stores lie, one directory a node. */
  readonly home: string
  readonly freePagesKept: FreePagesKept | undefined
}

const cluster = 'c'.repeat(16) as ClusterId
const names = ['n1', 'n2'] as NodeId[]
const settings: ClusterSettings = {
  replicas: 2,
  readQuorum: 1,
  writeQuorum: 2,
  partitions: 256,
  fallbacks: 0,
  valueBytesMax: 1024 * 1024,
  readRepair: 'blocking',
}
const secrets = { context: [{ id: 1, key: 'k'.repeat(32) }], digest: 'd'.repeat(32) }
const members = names.map((id, i) => {
  return {
    id,
    host: '127.0.0.1',
    port: i + 1,
    weight: 1,
    zone: '',
    key: undefined,
    statement: undefined,
  }
})

type Send = (from: LocalNode, to: NodeId, message: PeerMessage) => void

export class LocalNode {
  readonly id: NodeId
  readonly replica: Replica
  readonly store: OpenedStore
  readonly #send: Send
  readonly #callers = new Map<Caller, (reply: ClientReply) => void>()
  readonly #timer: NodeJS.Timeout
  #turnPlanned = false
  #caller = 0
  #ended = false

  constructor(id: NodeId, store: OpenedStore, send: Send) {
    this.id = id
    this.store = store
    this.#send = send
    this.replica = new Replica({
      self: id,
      cluster,
      store: store.identity.store,
      start: randomBytes(8).toString('latin1') as StartId,
      settings,
      members,
      secrets,
      hash: nodeHash,
      reads: store.reads,
      random: randomBinary,
      whole: store.identity.whole,
      commitsAtStart: store.commitsAtStart,
      commits: store.commits,
    })
    this.#timer = setInterval(() => this.#tick(), 20)
    this.#tick()
  }

  input(input: Input): void {
    if (this.#ended) return
    if (!this.#turnPlanned) {
      this.#turnPlanned = true
      setImmediate(() => {
        this.#turnPlanned = false
        if (!this.#ended) this.#step({ type: 'turn' })
      })
    }
    this.#step(input)
  }

  /** Resolves with the answer to a put. */
  put(key: string, context: Uint8Array | undefined, w: number): Promise<ClientReply> {
    const caller = ++this.#caller as Caller
    const op = (binaryOfUint48(Date.now()) + randomBinary(6)) as OpId
    const { epoch } = this.replica.placement
    const asked = {
      type: 'put',
      id: 1,
      epoch,
      timeLeft: 60_000,
      key: key as Key,
      value: Buffer.alloc(100, key),
      op,
      w,
    } as const
    const rest = {
      context,
      strict: false,
      again: false,
      generation: 0,
      explain: false,
    } as const
    return new Promise(resolve => {
      this.#callers.set(caller, resolve)
      this.input({ type: 'request', caller, request: { ...asked, ...rest } })
    })
  }

  async stop(): Promise<void> {
    this.input({ type: 'leave' })
    await new Promise(resolve => setTimeout(resolve, 200))
    this.#ended = true
    clearInterval(this.#timer)
    await this.store.close()
  }

  #tick(): void {
    this.input({ type: 'tick', wall: Date.now() })
  }

  #step(input: Input): void {
    for (const effect of this.replica.step(performance.now() as Instant, input))
      this.#perform(effect)
  }

  #perform(effect: Effect): void {
    if (effect.type === 'send') this.#send(this, effect.to, effect.message)
    else if (effect.type === 'commit') void this.#commit(effect.commit, effect.rows)
    else if (effect.type === 'halt') throw new Error(`${this.id} ends: ${effect.reason}`)
    else if (effect.type === 'reply') {
      this.#callers.get(effect.caller)?.(effect.reply)
      this.#callers.delete(effect.caller)
    }
  }

  async #commit(commit: CommitId, rows: readonly Row[]): Promise<void> {
    const result = await this.store.commit(rows)
    this.input({ type: 'stored', commit, result })
  }
}

export class LocalPair {
  readonly #options: LocalOptions
  readonly #nodes = new Map<NodeId, LocalNode>()

  constructor(options: LocalOptions) {
    this.#options = options
  }

  get first(): LocalNode {
    return this.node('n1')
  }

  node(name: string): LocalNode {
    const found = this.#nodes.get(name as NodeId)
    if (found === undefined) throw new Error(`${name} does not run`)
    return found
  }

  async start(name: string, isFounder: boolean): Promise<LocalNode> {
    const directory = join(this.#options.home, name)
    mkdirSync(directory, { recursive: true })
    const store = await openStore({
      directory,
      cluster,
      node: name as NodeId,
      durability: 'durable',
      create: true,
      ...(isFounder ? { founder: { store: name.padEnd(8, 's') as StoreId } } : {}),
      ...(this.#options.freePagesKept ? { freePagesKept: this.#options.freePagesKept } : {}),
    })
    const node = new LocalNode(name as NodeId, store, (from, to, message) => {
      // As a socket would have it: in a later turn of the loop, in order.
      setImmediate(() => {
        if (this.#nodes.get(from.id) !== from) return
        this.#nodes.get(to)?.input({ type: 'message', from: from.id, message })
      })
    })
    this.#nodes.set(node.id, node)
    for (const other of this.#nodes.values()) {
      if (other === node) continue
      other.input({ type: 'connected', node: node.id })
      node.input({ type: 'connected', node: other.id })
    }
    return node
  }

  async stop(name: string): Promise<void> {
    const node = this.node(name)
    await node.stop()
    this.#nodes.delete(node.id)
    for (const other of this.#nodes.values()) other.input({ type: 'disconnected', node: node.id })
  }
}

/** A key by its number, 20 bytes. */
export function keyName(number: number): string {
  return binaryOf(Buffer.from(`bulk${String(number).padStart(16, '0')}`))
}
