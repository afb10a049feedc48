/**
 * One part of an operator's repair: some partitions that this node sees to, compared with their
 * other owners one after the other. This node takes what each has and gives what each lacks, so
 * whoever was compared before one that had news is compared again; and everyone once more after
 * something moved, until all are equal.
 */
import type { TooLarge } from '../carrier.ts'
import { noSiblings, type Siblings } from '../causality/siblings.ts'
import type { Pace } from '../handoff/pace.ts'
import { after, type Instant, type NodeId, type Token } from '../ids.ts'
import type { HandedCopy } from '../message.ts'
import { damaged } from '../object-rows.ts'
import type { Effect } from '../step.ts'
import { Pass, type PassPlan } from './pass.ts'
import { type DriverParts, PassDriver, type PassEnd } from './pass-driver.ts'
import { Preview } from './preview.ts'
import type { Tally } from './repair-tally.ts'
import { Scope, type TokenRange } from './scope.ts'
import { sharedOf } from './shared.ts'
import type { Throttle } from './throttle.ts'

/** What a part asks of the exchange that it is part of. */
export type RepairHost = DriverParts & {
  readonly nextId: () => number
  /** The clock that a comparison with this member goes by. */
  readonly wallWith: (node: NodeId, now: Instant) => number
  /** A comparison of these partitions came to an end. */
  readonly proved: (node: NodeId, pass: Pass, partitions: readonly number[], now: Instant) => void
}

export type PartPlan = {
  readonly partitions: readonly number[]
  readonly ranges: readonly TokenRange[]
  /** The other owners of some of them that take part, by name. */
  readonly peers: readonly NodeId[]
  /** False: it is only looked at. */
  readonly moves: boolean
  readonly throttle: Throttle
  /** What a member can bear, learned by all parts together. */
  readonly paceOf: (node: NodeId) => Pace
  readonly tally: Tally
}

/** How one owner stands. */
type Peer = {
  readonly node: NodeId
  waited: ReadonlySet<string>
  passes: number
  failures: number
  nextAt: Instant
  state: 'due' | 'through' | 'left' | 'unreached'
}

export class RepairPart {
  readonly #host: RepairHost
  readonly #plan: PartPlan
  readonly #peers: readonly Peer[]
  readonly #keys = new Set<Token>()
  readonly #preview: Preview
  #driver: PassDriver | undefined
  #under: Peer | undefined
  /** The last copy that came. */
  #last: HandedCopy | undefined
  #over = false

  constructor(host: RepairHost, plan: PartPlan, now: Instant) {
    this.#host = host
    this.#plan = plan
    this.#preview = new Preview(host.placement.self)
    this.#peers = plan.peers.map(node => {
      return { node, waited: new Set(), passes: 0, failures: 0, nextAt: now, state: 'due' }
    })
  }

  get partitions(): readonly number[] {
    return this.#plan.partitions
  }

  get over(): boolean {
    return this.#over
  }

  driverOf(node: NodeId): PassDriver | undefined {
    return this.#under?.node === node ? this.#driver : undefined
  }

  /** It goes on no more. */
  stop(): void {
    this.#over = true
    this.#driver?.stop()
  }

  tick(now: Instant, out: Effect[]): void {
    if (this.#over) return
    if (this.#driver === undefined) this.#next(now, out)
    else this.#driver.go(now, out)
  }

  #next(now: Instant, out: Effect[]): void {
    // What came is compared once it is durable: else it would come again.
    if (this.#last !== undefined && this.#host.objects.pends(this.#last)) return
    const due = this.#peers.filter(({ state }) => state === 'due')
    if (due.length === 0) return this.#end()
    const peer = due.find(({ nextAt }) => now >= nextAt)
    if (peer === undefined) return
    if (this.#host.placement.reachable(peer.node)) this.#begin(peer, now, out)
    else this.#failed(peer, now)
  }

  #begin(peer: Peer, now: Instant, out: Effect[]): void {
    const host = this.#host
    const { ring, self } = host.placement
    const shared = sharedOf(ring, self, peer.node)
    const partitions = this.partitions.filter(shared.has)
    const scope = new Scope(shared.bits, new Set(partitions), this.#plan.ranges)
    const plan: PassPlan = {
      shared,
      scope,
      wall: host.wallWith(peer.node, now),
      from: 0,
      waited: peer.waited,
      moves: this.#plan.moves,
      watch: {
        carried: bytes => this.#plan.throttle.moved(bytes),
        taken: (copy, siblings) => this.#taken(peer.node, copy, siblings),
        given: copy => this.#given(peer.node, copy),
        refused: ({ token }) => this.#differs(token),
        tooLarge: one => this.#left(one),
      },
    }
    const pass = new Pass(host, plan, now)
    this.#under = peer
    this.#driver = new PassDriver(host, {
      node: peer.node,
      pass,
      pace: this.#plan.paceOf(peer.node),
      nextId: host.nextId,
      until: undefined,
      ended: (end, at, effects) => this.#ended(peer, pass, scope, end, at, effects),
    })
    this.#driver.go(now, out)
  }

  #ended(peer: Peer, pass: Pass, scope: Scope, end: PassEnd, now: Instant, out: Effect[]): void {
    this.#plan.tally.compared += this.#driver?.bytes ?? 0
    this.#driver = undefined
    this.#under = undefined
    peer.waited = pass.waiting
    if (end !== 'ended') return this.#failed(peer, now)
    peer.passes++
    peer.failures = 0
    const waits = pass.waiting.size > 0
    const { bits } = this.#host.tree
    const whole = this.partitions.filter(partition => scope.encloses(bits, partition))
    this.#host.proved(peer.node, pass, whole, now)
    if (this.#plan.moves && pass.taken > 0) this.#again(peer)
    if (pass.unequal.size === 0 || (!this.#plan.moves && !waits)) peer.state = 'through'
    else if (pass.stuck && !waits) peer.state = 'left'
    else if (peer.passes < passesMax) peer.nextAt = after(now, waits ? waitMs : 0)
    else peer.state = 'left'
    this.#next(now, out)
  }

  /** This node has news for those that it had compared with before. */
  #again(than: Peer): void {
    for (const peer of this.#peers) {
      if (peer !== than && peer.state === 'through') peer.state = 'due'
    }
  }

  #failed(peer: Peer, now: Instant): void {
    peer.failures++
    peer.nextAt = after(now, retryMs)
    if (peer.failures < failuresMax) return
    peer.state = 'unreached'
  }

  #end(): void {
    const { tally, partitions, moves } = this.#plan
    const { ring, self } = this.#host.placement
    if (!moves) {
      const peers = this.#peers.map(({ node }) => node)
      tally.preview(
        this.#preview.moves(token => {
          const owners = this.#host.placement.primaries(token)
          return peers.filter(peer => owners.includes(peer))
        }),
      )
    }
    tally.done += partitions.length
    for (const { node, state } of this.#peers) {
      const shared = partitions.filter(sharedOf(ring, self, node).has).length
      if (state === 'unreached') tally.unreachedBy(node, shared)
      if (state === 'left') tally.left += shared
    }
    this.#over = true
  }

  #taken(from: NodeId, copy: HandedCopy, siblings: Siblings): void {
    const { key, token, object } = copy
    const { tally, moves } = this.#plan
    this.#differs(token)
    if (!moves) return this.#preview.takes(from, token, key, this.#own(copy), siblings)
    this.#last = copy
    tally.moved(this.#host.placement.self, object.length)
  }

  #given(to: NodeId, copy: HandedCopy): void {
    const { key, token, object } = copy
    const { tally, moves } = this.#plan
    this.#differs(token)
    if (!moves) return this.#preview.gives(to, token, key, this.#own(copy))
    tally.moved(to, object.length)
  }

  /** It differs, and cannot be sent. */
  #left(one: TooLarge): void {
    this.#differs(this.#host.placement.tokenOf(one.key))
    this.#plan.tally.leave(one)
  }

  /** Each key is counted once, however many lack it. */
  #differs(token: Token): void {
    if (this.#keys.has(token)) return
    this.#keys.add(token)
    this.#plan.tally.keys++
  }

  #own({ token, key }: HandedCopy): Siblings {
    const record = this.#host.objects.durable(token, key)
    return record === undefined || record === damaged ? noSiblings : record.siblings
  }
}

/** Comparisons with one owner: more only while what differs is written all the time. */
const passesMax = 12
const waitMs = 1000
/** A process that has just begun cannot answer for some seconds. */
const failuresMax = 12
const retryMs = 1000
