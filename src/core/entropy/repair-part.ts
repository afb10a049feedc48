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
import type { Pending } from '../pending.ts'
import type { Effect } from '../step.ts'
import type { ExchangeState } from './exchange-message.ts'
import { Pass } from './pass.ts'
import { type DriverParts, PassDriver, type PassEnd } from './pass-driver.ts'
import type { PassPlan } from './pass-plan.ts'
import type { Patience } from './patience.ts'
import { Preview } from './preview.ts'
import type { UnprovedWhy } from './repair-message.ts'
import type { Tally } from './repair-tally.ts'
import { Scope, type TokenRange } from './scope.ts'
import { sharedOf } from './shared.ts'
import type { Throttle } from './throttle.ts'

/** What a part asks of the exchange that it is part of. */
export type RepairHost = DriverParts & {
  readonly pending: Pick<Pending<unknown, unknown>, 'newest' | 'isSettled'>
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
  /** With owners that it cannot be compared with; that of all parts together. */
  readonly patience: Patience
  readonly tally: Tally
}

/** How one owner stands. */
type Peer = {
  readonly node: NodeId
  waited: ReadonlySet<string>
  passes: number
  nextAt: Instant
  /** What was stored on either side, by token: a sum of each copy. */
  readonly stored: Map<Token, number>
  /** Comparisons that differed and in which no copy came up but such as had been stored before. */
  repeats: number
  /** Other copies, in the one under way. */
  fresh: number
  state: 'due' | 'through' | UnprovedWhy
}

export class RepairPart {
  readonly #host: RepairHost
  readonly #plan: PartPlan
  readonly #peers: readonly Peer[]
  readonly #keys = new Set<Token>()
  readonly #preview: Preview
  #driver: PassDriver | undefined
  #under: Peer | undefined
  /** The commit with the last copy that came. */
  #behind = 0
  #over = false

  constructor(host: RepairHost, plan: PartPlan, now: Instant) {
    this.#host = host
    this.#plan = plan
    this.#preview = new Preview(host.placement.self)
    this.#peers = plan.peers.map(node => {
      return { ...newPeer, node, waited: new Set(), nextAt: now, stored: new Map() }
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

  /** It goes on no more, since this node cannot compare: what is left of it is told. */
  giveUp(): void {
    this.stop()
    for (const peer of this.#peers) if (peer.state === 'due') peer.state = 'asker-starting'
    this.#end()
  }

  tick(now: Instant, out: Effect[]): void {
    if (this.#over) return
    if (this.#driver === undefined) this.#next(now, out)
    else this.#driver.go(now, out)
  }

  #next(now: Instant, out: Effect[]): void {
    // What came is compared once it is durable: else it would come again. Not what was written of
    // its key since: one that is always written would be waited for without end.
    if (!this.#host.pending.isSettled(this.#behind)) return
    const due = this.#peers.filter(({ state }) => state === 'due')
    if (due.length === 0) return this.#end()
    const peer = due.find(({ nextAt }) => now >= nextAt)
    if (peer === undefined) return
    const spent = this.#plan.patience.spentOn(peer.node, now)
    if (spent !== undefined) peer.state = spent
    else if (this.#host.placement.reachable(peer.node)) this.#begin(peer, now, out)
    else this.#failed(peer, 'silent', now)
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
        taken: (copy, siblings) => this.#taken(peer, copy, siblings),
        given: copy => this.#given(peer, copy),
        refused: ({ token }) => this.#differs(peer, token),
        tooLarge: one => this.#left(peer, one),
      },
    }
    const pass = new Pass(host, plan, now)
    this.#under = peer
    peer.fresh = 0
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
    const { bytes = 0, state } = this.#driver ?? {}
    this.#plan.tally.compared += bytes
    this.#driver = undefined
    this.#under = undefined
    peer.waited = pass.waiting
    if (end !== 'ended') return this.#failed(peer, this.#whyNot(peer, state), now)
    peer.passes++
    this.#plan.patience.heard(peer.node)
    const waits = pass.waiting.size > 0
    const { bits } = this.#host.tree
    const whole = this.partitions.filter(partition => scope.encloses(bits, partition))
    this.#host.proved(peer.node, pass, whole, now)
    if (this.#plan.moves && pass.taken > 0) this.#again(peer)
    peer.state = this.#stateAfter(peer, pass)
    peer.nextAt = after(now, waits || peer.fresh === 0 ? waitMs : 0)
    this.#next(now, out)
  }

  #stateAfter(peer: Peer, pass: Pass): Peer['state'] {
    if (pass.unequal.size === 0) return 'through'
    if (pass.waiting.size === 0) {
      if (peer.fresh === 0) peer.repeats++
      if (peer.repeats >= repeatsMax) return 'repeated'
      if (peer.fresh > 0 && !this.#plan.moves) return 'through'
      if (pass.stuck) return pass.refused ? 'refused' : 'too-large'
    }
    return peer.passes < passesMax ? 'due' : 'written'
  }

  /** This node has news for those that it had compared with before. */
  #again(than: Peer): void {
    for (const peer of this.#peers) {
      if (peer !== than && peer.state === 'through') peer.state = 'due'
    }
  }

  #failed(peer: Peer, why: UnprovedWhy, now: Instant): void {
    peer.nextAt = after(now, retryMs)
    if (this.#plan.patience.failed(peer.node, why, now)) peer.state = why
  }

  /** Why it is not compared with this owner, by what that said last. */
  #whyNot({ node }: Peer, state: ExchangeState | undefined): UnprovedWhy {
    const isWhole = this.#host.wholeness.isWholeWith(node)
    switch (state) {
      case 'not-ready':
        return 'starting'
      case 'refilling':
        return isWhole ? 'waits' : 'both-wait'
      case 'stale-view':
        return 'other-view'
      default:
        return 'silent'
    }
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
      if (state !== 'due' && state !== 'through') tally.leaveOut(node, shared, state)
    }
    this.#over = true
  }

  #taken(from: Peer, copy: HandedCopy, siblings: Siblings): void {
    const { key, token, object } = copy
    const { tally, moves } = this.#plan
    if (moves) this.#stored(from, copy)
    else this.#differs(from, token)
    if (!moves) return this.#preview.takes(from.node, token, key, this.#own(copy), siblings)
    this.#behind = this.#host.pending.newest
    tally.moved(this.#host.placement.self, object.length)
  }

  #given(to: Peer, copy: HandedCopy): void {
    const { key, token, object } = copy
    const { tally, moves } = this.#plan
    if (moves) this.#stored(to, copy)
    else this.#differs(to, token)
    if (!moves) return this.#preview.gives(to.node, token, key, this.#own(copy))
    tally.moved(to.node, object.length)
  }

  /** Who stores a copy has it: if it comes up again as it was, something is wrong with a store. */
  #stored(peer: Peer, { token, object }: HandedCopy): void {
    const sum = this.#host.hash.crc32(object)
    if (peer.stored.get(token) === sum) return
    this.#differs(peer, token)
    if (peer.stored.size < storedMax) peer.stored.set(token, sum)
  }

  /** It differs, and cannot be sent. */
  #left(peer: Peer, one: TooLarge): void {
    this.#differs(peer, this.#host.placement.tokenOf(one.key))
    this.#plan.tally.leave(one)
  }

  /** Each key is counted once, however many lack it. */
  #differs(peer: Peer, token: Token): void {
    peer.fresh++
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
/** Once may be a copy that was on its way to the disk. */
const repeatsMax = 3
/** Copies that are remembered of each owner. */
const storedMax = 4096
const retryMs = 1000
const newPeer = { passes: 0, repeats: 0, fresh: 0, state: 'due' } as const
