/**
 * Machines of membership, or of a part of it, on a virtual network with latency and loss, all
 * from one seed. The whole replica runs in `src/sim`; this is for what membership alone must do,
 * at sizes and over days for which a whole cluster would take too long (`bench/membership.ts`).
 */
import type { Instant, NodeId, StartId, StoreId } from '../../src/core/ids.ts'
import { isMembership, type Membership } from '../../src/core/membership/membership.ts'
import type { MembershipChange, MembershipEnv } from '../../src/core/membership/roster.ts'
import { defaultTiming, type MembershipTiming } from '../../src/core/membership/timing.ts'
import { type View, viewOf } from '../../src/core/membership/view.ts'
import type { MembershipMessage, PeerMessage } from '../../src/core/message.ts'
import type { Effect, Note } from '../../src/core/step.ts'
import { nodeHash } from './hash.ts'
import { entryOf } from './members.ts'
import { seededRandom } from './session-world.ts'

/** What a node of the world runs. */
export type Machine = Pick<
  Membership,
  'clock' | 'tick' | 'heard' | 'receive' | 'connected' | 'takeChanges'
>

export type WorldOptions = {
  readonly timing?: Partial<MembershipTiming>
  /** A node's own timer; each node has its own phase. */
  readonly tickMs?: number
}

type Letter = { readonly from: NodeId; readonly to: NodeId; readonly message: MembershipMessage }

export class WorldNode<M> {
  readonly id: NodeId
  membership: M
  up = true
  paused = false
  readonly notes: Note[] = []
  /** What came in during a pause. */
  held: Letter[] = []

  constructor(id: NodeId, membership: M) {
    this.id = id
    this.membership = membership
  }
}

export abstract class MachineWorld<M extends Machine> {
  now = 0 as Instant
  loss = 0
  /** Messages that may not pass. */
  cut: (from: NodeId, to: NodeId) => boolean = () => false
  /** Called with every message that leaves; what it gives back is what travels. */
  carry: (message: PeerMessage, from: NodeId) => PeerMessage = message => message
  onNote: (note: Note, by: NodeId) => void = () => undefined
  onChange: (change: MembershipChange, at: NodeId) => void = () => undefined
  readonly nodes = new Map<NodeId, WorldNode<M>>()
  readonly timing: MembershipTiming
  readonly view: View
  readonly random: (count: number) => string
  /** By the millisecond of their arrival. */
  readonly #letters: Letter[][] = Array.from({ length: latencyMsMax + 1 }, () => [])
  /** By the millisecond of their tick. */
  readonly #ticking: WorldNode<M>[][]
  readonly #tickMs: number
  #luck: number
  #starts = 0

  constructor(count: number, seed: number, options: WorldOptions = {}) {
    this.timing = { ...defaultTiming, ...options.timing }
    this.#tickMs = options.tickMs ?? 20
    this.random = seededRandom(seed * 2654435761)
    this.#luck = seed
    this.#ticking = Array.from({ length: this.#tickMs }, () => [])
    this.view = viewOf(Array.from({ length: count }, (_, i) => entryOf(`n${i + 1}`)))
    for (const { id } of this.view) {
      const node = new WorldNode(id, this.born(id, 1))
      this.nodes.set(id, node)
      this.#ticking[Math.floor(this.drawn() * this.#tickMs)]?.push(node)
    }
    for (const node of this.nodes.values()) this.connectAll(node)
  }

  protected abstract machine(env: MembershipEnv): M

  born(self: NodeId, incarnation: number): M {
    this.#starts += 1
    return this.machine({
      self,
      hash: nodeHash,
      random: this.random,
      view: this.view,
      profile: {
        host: '127.0.0.1',
        port: 4700,
        store: 'store'.padEnd(8) as StoreId,
        start: `${this.#starts}`.padStart(8, '0') as StartId,
        status: 'alive',
      },
      incarnation,
      firstId: this.#starts * 1_000_000,
      timing: this.timing,
    })
  }

  node(id: string): WorldNode<M> {
    const node = this.nodes.get(id as NodeId)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  connectAll(node: WorldNode<M>): void {
    const out: Effect[] = []
    for (const { id } of this.view) {
      if (id !== node.id) node.membership.connected(this.now, id, out)
    }
    this.#perform(node, out)
  }

  /** A process that starts on what its store knows; `incarnation` 1: a wiped one. */
  restart(id: string, incarnation: number): void {
    const node = this.node(id)
    node.membership = this.born(node.id, incarnation)
    node.up = true
    node.held = []
    this.connectAll(node)
  }

  /** Milliseconds pass. */
  run(ms: number, until: () => boolean = () => false): boolean {
    const end = this.now + ms
    while (this.now < end) {
      this.now = (this.now + 1) as Instant
      const letters = this.#letters[this.now % this.#letters.length] ?? []
      if (letters.length > 0) {
        this.#letters[this.now % this.#letters.length] = []
        for (const letter of letters) this.#arrive(letter)
      }
      for (const node of this.#ticking[this.now % this.#tickMs] ?? []) this.#tick(node)
      if (this.now % this.#tickMs === 0 && until()) return true
    }
    return false
  }

  /** Performs what a step of this node came to, where somebody else took the step. */
  step(node: WorldNode<M>, step: (out: Effect[]) => void): void {
    const out: Effect[] = []
    node.membership.clock(this.now)
    step(out)
    this.#perform(node, out)
  }

  /** From 0 to below 1 (mulberry32). */
  protected drawn(): number {
    this.#luck = (this.#luck + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#luck ^ (this.#luck >>> 15), 1 | this.#luck)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** One that wakes may find its timer or its letters first. */
  #tick(node: WorldNode<M>): void {
    if (!node.up || node.paused) return
    const timerFirst = node.held.length === 0 || this.drawn() < 0.5
    if (!timerFirst) this.#takeHeld(node)
    this.step(node, out => node.membership.tick(this.now, { keys: 0, full: false }, out))
    if (timerFirst && node.held.length > 0) this.#takeHeld(node)
  }

  #takeHeld(node: WorldNode<M>): void {
    const { held } = node
    node.held = []
    for (const letter of held) this.#take(node, letter)
  }

  #perform(node: WorldNode<M>, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'note') {
        node.notes.push(effect.note)
        this.onNote(effect.note, node.id)
      }
      if (effect.type === 'send') this.#send(node.id, effect.to, effect.message)
    }
    for (const change of node.membership.takeChanges()) this.onChange(change, node.id)
  }

  #send(from: NodeId, to: NodeId, sent: PeerMessage): void {
    const message = this.carry(sent, from)
    if (this.drawn() < this.loss || this.cut(from, to)) return
    if (!isMembership(message)) return
    const latencyMs = 1 + Math.floor(this.drawn() * latencyMsMax)
    this.#letters[(this.now + latencyMs) % this.#letters.length]?.push({ from, to, message })
  }

  #arrive(letter: Letter): void {
    const node = this.nodes.get(letter.to)
    if (node === undefined || !node.up) return
    if (node.paused || node.held.length > 0) node.held.push(letter)
    else this.#take(node, letter)
  }

  #take(node: WorldNode<M>, { from, message }: Letter): void {
    this.step(node, out => {
      node.membership.heard(this.now, from, out)
      node.membership.receive(this.now, from, message, out)
    })
  }
}

/** A message takes from one to so many milliseconds. */
const latencyMsMax = 3
