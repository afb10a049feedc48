/** A few replicas wired to each other by a queue that the test turns: no sockets, no clock. */
import { binaryOf, binaryOfUint48, bytesOf } from '../../src/core/binary.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Holder } from '../../src/core/holdings.ts'
import type {
  ClusterId,
  Epoch,
  Instant,
  Key,
  NodeId,
  OpId,
  StartId,
  StoreId,
} from '../../src/core/ids.ts'
import { isMembership } from '../../src/core/membership/membership.ts'
import type {
  ClientReply,
  ClientRequest,
  ClusterSettings,
  GetRequest,
  PeerMessage,
  PutRequest,
} from '../../src/core/message.ts'
import { isPeerReply } from '../../src/core/message-class.ts'
import { Replica } from '../../src/core/replica.ts'
import type { Caller, CommitId, Effect, Input, Row, RowKey } from '../../src/core/step.ts'
import type { Unsent } from '../../src/core/unsent.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { encode } from '../../src/wire/message-codec.ts'

type Commit = { readonly commit: CommitId; readonly rows: readonly Row[] }
type Letter = { readonly from: NodeId; readonly to: NodeId; readonly message: PeerMessage }

/** The disk is almost full: what is left is for deletes and repair. */
export const fullDisk: Input = {
  type: 'disk',
  space: { fresh: 90 * 2 ** 20, inside: 0, reserve: 100 * 2 ** 20 },
}

/** One node: a replica on a map, its commit under way, its wires. */
export class TestNode {
  readonly id: NodeId
  readonly disk = new Map<RowKey, Uint8Array>()
  readonly replies: ClientReply[] = []
  readonly notes: Effect[] = []
  replica: Replica
  halted = false
  /** Durable transactions. */
  commits = 0
  /** Of rows that were walked through. */
  bytesRead = 0
  /** Of its store, as the next process finds it. */
  whole = true
  commit: Commit | undefined
  readonly #cluster: TestCluster

  constructor(cluster: TestCluster, id: NodeId) {
    this.#cluster = cluster
    this.id = id
    this.replica = this.#born()
  }

  /** Rows of objects on disk. */
  get objects(): number {
    return [...this.disk.keys()].filter(key => key.startsWith('\x10')).length
  }

  /** A new process on the same disk. */
  restart(): void {
    this.commit = undefined
    this.halted = false
    this.replica = this.#born()
    this.step({ type: 'tick', wall: this.#cluster.wall })
  }

  /** Its disk is lost: it begins again on an empty one. */
  wipe(): void {
    this.disk.clear()
    this.commits = 0
    this.whole = false
    this.restart()
  }

  step(input: Input): void {
    if (this.halted) return
    const unsent: Input[] = []
    for (const effect of this.replica.step(this.#cluster.now, input)) {
      const back = this.#perform(effect)
      if (back !== undefined) unsent.push(back)
    }
    for (const back of unsent) this.step(back)
  }

  /** The commit under way becomes durable, and so does what gathered behind it. */
  flush(): void {
    this.step({ type: 'turn' })
    while (this.commit !== undefined && !this.halted) this.flushOne()
  }

  /** The commit under way becomes durable, and the next one is under way. */
  flushOne(): void {
    if (this.commit === undefined) return
    const { commit, rows } = this.commit
    this.commit = undefined
    for (const { key, value } of rows) {
      if (value === undefined) this.disk.delete(key)
      else this.disk.set(key, value)
    }
    this.commits++
    this.step({ type: 'stored', commit, result: 'durable' })
    this.step({ type: 'turn' })
  }

  /** Returns what comes back of it, as a host does: a message that does not leave. */
  #perform(effect: Effect): Input | undefined {
    if (effect.type === 'send') {
      const { to, message } = effect
      const why = this.#cluster.unsent(this.id, to, message)
      if (why !== undefined) return { type: 'unsent', to, message, why }
      const { letters, gossip } = this.#cluster
      const isSaid = isMembership(message) || isRecall(message)
      const box = isSaid ? gossip : letters
      box.push({ from: this.id, to, message })
    } else if (effect.type === 'reply') {
      const { caller, reply } = effect
      if (this.#cluster.isTooLarge(reply))
        return { type: 'unreplied', caller, reply, why: 'too-large' }
      this.replies.push(reply)
    } else if (effect.type === 'commit') this.commit = effect
    else if (effect.type === 'halt') this.halted = true
    else if (effect.type === 'note') this.notes.push(effect)
    return undefined
  }

  #born(): Replica {
    const cluster = this.#cluster
    return new Replica({
      self: this.id,
      cluster: 'c'.repeat(16) as ClusterId,
      store: this.id.padEnd(8, 's') as StoreId,
      start: cluster.random(8) as StartId,
      settings: cluster.settings,
      members: cluster.members,
      secrets: { context: [{ id: 1, key: 'k'.repeat(32) }], digest: 'd'.repeat(32) },
      hash: nodeHash,
      reads: {
        get: key => this.disk.get(key),
        range: (from, to, limit, bytesMax = Number.POSITIVE_INFINITY) => {
          let before = 0
          const rows = [...this.disk.entries()]
            .filter(([key]) => key > from && key < to)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .slice(0, limit)
            .filter(([, { length }]) => {
              const fits = before < bytesMax
              before += length
              return fits
            })
          for (const [, { length }] of rows) this.bytesRead += length
          return rows.map(([key, value]) => ({ key, value }))
        },
      },
      random: count => cluster.random(count),
      handoff: cluster.handoff,
      ...(cluster.frameBytes === undefined ? {} : { frameBytes: cluster.frameBytes }),
      whole: this.whole,
      commitsAtStart: this.commits,
      commits: () => this.commits,
    })
  }
}

export class TestCluster {
  readonly settings: ClusterSettings
  readonly members
  readonly nodes: readonly TestNode[]
  readonly letters: Letter[] = []
  /** What membership says to each other: delivered by `settle` too. */
  readonly gossip: Letter[] = []
  /** Do nodes give hints to their owners? */
  readonly handoff: boolean
  now = 0 as Instant
  wall = 1_800_000_000_000
  /** What a frame holds; undefined: everything. */
  frameBytes: number | undefined
  /** Of what these nodes send to whom nothing leaves, and why. */
  readonly stuck = new Map<string, Unsent>()
  #drawn = 0

  constructor(count = 3, settings: Partial<ClusterSettings> = {}, handoff = true) {
    this.handoff = handoff
    this.settings = {
      replicas: 3,
      readQuorum: 2,
      writeQuorum: 2,
      partitions: 16,
      fallbacks: 3,
      valueBytesMax: 1024 * 1024,
      readRepair: 'blocking',
      ...settings,
    }
    this.members = Array.from({ length: count }, (_, i) => ({
      id: `n${i + 1}` as NodeId,
      host: '127.0.0.1',
      port: 4701 + i,
      weight: 1,
      zone: '',
      key: undefined,
      statement: undefined,
    }))
    this.nodes = this.members.map(({ id }) => new TestNode(this, id))
    for (const node of this.nodes) {
      node.step({ type: 'tick', wall: this.wall })
      for (const { id } of this.members) {
        if (id !== node.id) node.step({ type: 'connected', node: id })
      }
    }
    this.#introduce()
  }

  /** All know each other's stores, and keep the rows of their peers; nothing else is delivered. */
  #introduce(): void {
    for (let round = 0; round < 2; round++) {
      const all = this.gossip.splice(0)
      this.gossip.push(...all.filter(({ message }) => !isRecall(message)))
      for (const letter of all) if (isRecall(letter.message)) this.deliver(letter)
    }
    for (const node of this.nodes) node.flush()
  }

  /** Why this message does not leave, if it does not. */
  unsent(from: NodeId, to: NodeId, message: PeerMessage): Unsent | undefined {
    if (this.isTooLarge(message)) return 'too-large'
    // Replies without objects always leave.
    const passes = isPeerReply(message) && encode(message).length < 300
    return passes ? undefined : this.stuck.get(`${from} ${to}`)
  }

  isTooLarge(message: PeerMessage | ClientReply): boolean {
    return this.frameBytes !== undefined && encode(message).length > this.frameBytes
  }

  node(id: string): TestNode {
    const node = this.nodes.find(node => node.id === id)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  /** Delivers letters, oldest first, and flushes disks, until nothing moves. */
  settle(filter: (letter: Letter) => boolean = () => true): void {
    for (let moved = true; moved; ) {
      moved = false
      for (const letter of [...this.gossip.splice(0), ...this.letters.splice(0)]) {
        moved = true
        if (filter(letter)) this.deliver(letter)
      }
      for (const node of this.nodes) {
        if (node.halted) continue
        node.step({ type: 'turn' })
        if (node.commit !== undefined) {
          moved = true
          node.flush()
        }
      }
    }
  }

  deliver({ from, to, message }: Letter): void {
    this.node(to).step({ type: 'message', from, message })
  }

  /** Milliseconds pass and every node sees them. */
  pass(ms: number): void {
    this.now = (this.now + ms) as Instant
    this.wall += ms
    for (const node of this.nodes) node.step({ type: 'tick', wall: this.wall })
  }

  /** A client's request at a node; its reply is the last of the node's replies. */
  ask(at: string, request: ClientRequest, holder?: Holder): void {
    const whose = holder === undefined ? {} : { holder }
    this.node(at).step({ type: 'request', caller: 1 as Caller, ...whose, request })
  }

  /** Asks, lets everything settle, and returns the reply. */
  call(at: string, request: ClientRequest): ClientReply | undefined {
    const node = this.node(at)
    const before = node.replies.length
    this.ask(at, request)
    this.settle()
    return node.replies[before]
  }

  put(key: string, value: string | undefined, more: Partial<PutRequest> = {}): PutRequest {
    return {
      type: 'put',
      id: 1,
      epoch: this.epoch,
      timeLeft: 5000,
      key: key as Key,
      value: value === undefined ? undefined : bytesOf(value),
      context: undefined,
      op: (binaryOfUint48(this.wall) + this.random(6)) as OpId,
      again: false,
      generation: 0,
      w: undefined,
      strict: false,
      explain: false,
      ...more,
    }
  }

  get(key: string, r?: number, more: Partial<GetRequest> = {}): GetRequest {
    return {
      type: 'get',
      id: 2,
      epoch: this.epoch,
      timeLeft: 5000,
      key: key as Key,
      r,
      strict: false,
      repair: undefined,
      explain: false,
      ...more,
    }
  }

  get epoch(): Epoch {
    return this.nodes[0]!.replica.observe().epoch as Epoch
  }

  /** A key that this node owns, or does not. */
  keyAt(node: string, owned: boolean): string {
    for (let i = 0; ; i++) {
      const key = `key-${i}`
      if (this.primaries(key).includes(node) === owned) return key
    }
  }

  primaries(key: string): readonly string[] {
    const view = this.nodes[0]!.replica.placement
    return view.primaries(tokenOf(nodeHash, key as Key))
  }

  random(count: number): string {
    this.#drawn += 1
    return nodeHash.sha256(`${this.#drawn}`).slice(0, count)
  }
}

/** Ticks everybody for so long, delivering what passes: all, unless told otherwise. */
export function live(
  cluster: TestCluster,
  ms: number,
  passes?: (letter: Letter) => boolean,
  step = 250,
): void {
  for (let passed = 0; passed < ms; passed += step) {
    cluster.pass(step)
    cluster.settle(passes)
  }
}

export function valuesOf(reply: ClientReply | undefined): (string | undefined)[] {
  if (reply?.type !== 'got') throw new Error(`not a get's reply: ${JSON.stringify(reply)}`)
  return reply.versions.map(({ value }) => (value === undefined ? undefined : binaryOf(value)))
}

export function contextOf(reply: ClientReply | undefined): Uint8Array {
  if (reply?.type !== 'got' && reply?.type !== 'wrote') throw new Error('no context')
  return reply.context
}

export function codeOf(reply: ClientReply | undefined): string | undefined {
  return reply?.type === 'failed' ? reply.failure.code : reply?.type
}

function isRecall({ type }: PeerMessage): boolean {
  return type === 'recall' || type === 'recalled'
}

/** A new process on this disk, with connections to everybody. */
export function startOn(
  cluster: TestCluster,
  node: TestNode,
  disk: ReadonlyMap<RowKey, Uint8Array>,
): void {
  const rows = [...disk]
  node.disk.clear()
  for (const [row, bytes] of rows) node.disk.set(row, bytes)
  node.restart()
  for (const { id } of cluster.members) {
    if (id !== node.id) node.step({ type: 'connected', node: id })
  }
}
