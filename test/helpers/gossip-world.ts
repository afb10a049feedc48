/**
 * Nothing but membership: many machines on a virtual network with latency and loss, seeded. The
 * whole replica runs in `src/sim`; this is for what membership alone must do, also at sizes at
 * which a whole cluster would take too long.
 */
import type { Instant, NodeId, StartId, StoreId } from '../../src/core/ids.ts'
import type { MemberStatus } from '../../src/core/membership/beliefs.ts'
import { isMembership, Membership } from '../../src/core/membership/membership.ts'
import { defaultTiming, type MembershipTiming } from '../../src/core/membership/timing.ts'
import { type View, viewOf } from '../../src/core/membership/view.ts'
import type { PeerMessage } from '../../src/core/message.ts'
import type { Effect, Note } from '../../src/core/step.ts'
import { nodeHash } from './hash.ts'
import { entryOf } from './members.ts'
import { seededRandom } from './session-world.ts'

type Letter = {
  readonly at: number
  readonly from: NodeId
  readonly to: NodeId
  readonly message: PeerMessage
}

export class GossipNode {
  readonly id: NodeId
  membership: Membership
  up = true
  paused = false
  incarnation = 0
  readonly notes: Note[] = []

  constructor(id: NodeId, membership: Membership) {
    this.id = id
    this.membership = membership
  }
}

export class GossipWorld {
  now = 0 as Instant
  loss = 0
  /** Messages that may not pass. */
  cut: (from: NodeId, to: NodeId) => boolean = () => false
  /** Called with every message that leaves. */
  onSent: (from: NodeId, message: PeerMessage) => void = () => undefined
  readonly nodes = new Map<NodeId, GossipNode>()
  readonly timing: MembershipTiming
  readonly view: View
  readonly random: (count: number) => string
  readonly #letters: Letter[][] = []
  readonly #tickMs: number
  #starts = 0

  constructor(
    count: number,
    seed: number,
    options: { readonly timing?: Partial<MembershipTiming>; readonly tickMs?: number } = {},
  ) {
    this.timing = { ...defaultTiming, ...options.timing }
    this.#tickMs = options.tickMs ?? 20
    this.random = seededRandom(seed * 2654435761)
    this.view = viewOf(Array.from({ length: count }, (_, i) => entryOf(`n${i + 1}`)))
    for (const { id } of this.view) this.nodes.set(id, new GossipNode(id, this.born(id, 1)))
    for (const node of this.nodes.values()) this.connectAll(node)
  }

  born(self: NodeId, incarnation: number): Membership {
    this.#starts += 1
    return new Membership({
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

  node(id: string): GossipNode {
    const node = this.nodes.get(id as NodeId)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  connectAll(node: GossipNode): void {
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
    this.connectAll(node)
  }

  /** Milliseconds pass: ticks, and letters that arrive between them. */
  run(ms: number, until: () => boolean = () => false): boolean {
    const end = this.now + ms
    while (this.now < end) {
      this.now = (this.now + this.#tickMs) as Instant
      this.#deliver()
      for (const node of this.nodes.values()) {
        if (!node.up || node.paused) continue
        const out: Effect[] = []
        node.membership.clock(this.now)
        node.membership.tick(this.now, { keys: 0, full: false }, out)
        this.#perform(node, out)
      }
      if (until()) return true
    }
    return false
  }

  statuses(id: string): Readonly<Record<string, MemberStatus>> {
    const { beliefs } = this.node(id).membership.beliefs(this.now)
    return Object.fromEntries(beliefs.map(belief => [belief.node, belief.status]))
  }

  /** What every living, unpaused node thinks of one. */
  opinions(of: string): MemberStatus[] {
    const opinions: MemberStatus[] = []
    for (const node of this.nodes.values()) {
      if (!node.up || node.paused || node.id === of) continue
      opinions.push(this.statuses(node.id)[of] ?? 'alive')
    }
    return opinions
  }

  #perform(node: GossipNode, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'note') node.notes.push(effect.note)
      if (effect.type !== 'send') continue
      this.onSent(node.id, effect.message)
      if (this.#drawn() < this.loss || this.cut(node.id, effect.to)) continue
      const latencyMs = 0.2 + this.#drawn() * 2
      const at = Math.ceil((this.now + latencyMs) / this.#tickMs)
      this.#letters[at] ??= []
      this.#letters[at].push({ at, from: node.id, to: effect.to, message: effect.message })
    }
    node.membership.takeChanges()
  }

  #deliver(): void {
    const at = Math.round(this.now / this.#tickMs)
    const letters = this.#letters[at]
    delete this.#letters[at]
    for (const letter of letters ?? []) {
      const node = this.nodes.get(letter.to)
      if (node === undefined || !node.up) continue
      if (node.paused) {
        this.#letters[at + 1] ??= []
        this.#letters[at + 1]?.push(letter)
        continue
      }
      const out: Effect[] = []
      node.membership.clock(this.now)
      node.membership.heard(this.now, letter.from, out)
      if (isMembership(letter.message)) {
        node.membership.receive(this.now, letter.from, letter.message, out)
      }
      this.#perform(node, out)
    }
  }

  #drawn(): number {
    const bytes = this.random(2)
    return (bytes.charCodeAt(0) * 256 + bytes.charCodeAt(1)) / 65536
  }
}
