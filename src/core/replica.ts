/**
 * The brain of one node: routes inputs to the machines that own them and returns their effects
 * (design §1). It decides nothing itself; hosts are the node's runtime and the simulator.
 */
import { Answers } from './answers.ts'
import { uint48Of } from './binary.ts'
import type { Record } from './causality/record.ts'
import { ClientRequests } from './client-requests.ts'
import { Copies } from './copies.ts'
import { tellDamage } from './damage.ts'
import { Exchange } from './entropy/exchange.ts'
import type { Tree } from './entropy/tree.ts'
import { Foreground } from './handoff/foreground.ts'
import { Handoff } from './handoff/handoff.ts'
import type { Hints } from './handoff/hints.ts'
import { heldBy } from './held.ts'
import { type Holder, type Holdings, holderOfClient } from './holdings.ts'
import type { Instant, NodeId, WallTime } from './ids.ts'
import { Listing } from './listing.ts'
import type { ToldBeliefs } from './membership/beliefs.ts'
import { Directory } from './membership/directory.ts'
import { isMembership, type Membership } from './membership/membership.ts'
import { startMembership } from './membership/start.ts'
import type { Forward, PeerMessage } from './message.ts'
import { Operator } from './operator.ts'
import { Pending } from './pending.ts'
import { Placement } from './placement.ts'
import { Forwards } from './quorum/forwards.ts'
import { Gets } from './quorum/gets.ts'
import { Inspections } from './quorum/inspections.ts'
import { OwedHints } from './quorum/owed-hints.ts'
import type { Stored } from './quorum/put-coordination.ts'
import { Puts } from './quorum/puts.ts'
import { Scans } from './quorum/scans.ts'
import { Reaping } from './reaping/reaping.ts'
import { type Counted, type ReplicaView, viewOf } from './replica-view.ts'
import { Requests } from './requests.ts'
import type { Effect, Env, Input, PeerAddress, Row } from './step.ts'
import type { Recalls } from './wholeness/recalls.ts'
import type { Wholeness } from './wholeness/wholeness.ts'

export class Replica {
  readonly placement: Placement
  readonly #pending = new Pending<Record, Stored>()
  readonly tree: Tree
  readonly #requests: Requests
  readonly #owed: OwedHints
  readonly #puts: Puts
  readonly #hints: Hints<Stored>
  readonly #handoff: Handoff
  readonly #handsOver: boolean
  readonly #exchange: Exchange
  readonly #exchanges: boolean
  readonly #reaping: Reaping
  readonly #counted: Counted<Record, Stored>
  readonly #foreground = new Foreground()
  readonly #clients: ClientRequests
  readonly #copies: Copies
  readonly #wholeness: Wholeness
  readonly #recalls: Recalls
  readonly #answers: Answers
  readonly #directory: Directory
  readonly #membership: Membership
  #keys = 0
  #told: readonly PeerAddress[] | undefined

  constructor(env: Env) {
    const { self, settings, hash, reads, random } = env
    this.#directory = new Directory(hash, reads, env.members)
    const { view } = this.#directory
    this.#membership = startMembership(env, this.#directory)
    const avoids = (node: NodeId) => this.#membership.avoids(node)
    const placement = new Placement(self, settings, view, hash, avoids)
    const held = heldBy(env, placement, this.#pending)
    const { hints, tree, wholeness, recalls, objects } = held
    this.tree = tree
    const listing = new Listing(held)
    const requests = new Requests(Math.floor(uint48Of(random(6)) / 4))
    this.placement = placement
    this.#wholeness = wholeness
    this.#recalls = recalls
    this.#requests = requests
    this.#owed = new OwedHints({ placement, objects, putsMax: env.owedPutsMax })
    const owed = this.#owed
    const puts = new Puts({ env, placement, objects, requests, owed })
    this.#puts = puts
    const gets = new Gets(env, placement, objects, requests)
    this.#hints = hints
    this.#handoff = new Handoff(placement, objects, requests, held.carrier)
    this.#handsOver = env.handoff ?? true
    const foreground = (now: Instant) => this.#foreground.perSecond(now)
    const shared = { ...held, random, requests, foreground }
    this.#exchange = new Exchange({ ...shared, pendingBytes: () => this.#pending.bytes })
    this.#exchanges = env.exchange ?? true
    const [handoff, exchange] = [this.#handoff, this.#exchange]
    const operator = new Operator({ self, ...held, handoff, exchange })
    this.#reaping = new Reaping({ ...shared, isFounder: env.whole })
    const forwards = new Forwards(placement, requests, (origin, request, now, out) =>
      puts.begin(origin, request, now, out),
    )
    const scans = new Scans(placement, listing, requests)
    const inspections = new Inspections(env, placement, objects, requests)
    this.#clients = new ClientRequests({
      ...{ placement, puts, gets, forwards, scans, inspections, operator },
      ...{ room: objects.room, foreground: this.#foreground },
      ...{ membership: this.#membership, directory: this.#directory },
      beliefs: now => this.beliefs(now),
    })
    this.#copies = new Copies(env, placement, objects, listing)
    this.#answers = new Answers({ requests, owed, exchange, reaping: this.#reaping })
    this.#counted = {
      ...{ placement, requests, owed, pending: this.#pending, hints, tree, wholeness, recalls },
      ...{ gets, puts, membership: this.#membership },
      ...{ reaping: this.#reaping, objects, carrier: held.carrier, exchange },
    }
  }

  /** One input, its effects in the order in which they are to be performed. */
  step(now: Instant, input: Input): readonly Effect[] {
    const out: Effect[] = []
    this.#membership.clock(now)
    this.#take(now, input, out)
    this.#follow(now, out)
    return out
  }

  /** Is this a member, as far as this node knows? */
  isMember(node: NodeId): boolean {
    return this.#membership.isMember(node)
  }

  /** What this node believes of the members. */
  beliefs(now: Instant): ToldBeliefs {
    return { ...this.#membership.beliefs(now), clockAheadMs: this.#exchange.clockAheadMs(now) }
  }

  /** What is held for whom: hosts count there, too, what they hold for clients. */
  get holdings(): Holdings {
    return this.#requests.holdings
  }

  observe(): ReplicaView {
    return viewOf(this.#counted)
  }

  #take(now: Instant, input: Input, out: Effect[]): void {
    switch (input.type) {
      case 'message':
        return this.#message(input.from, input.message, now, out)
      case 'request': {
        const { caller, request, holder = nobodyKnown } = input
        const origin = { type: 'client', caller, holder, id: request.id } as const
        return this.#clients.take(origin, request, now, out)
      }
      case 'turn': {
        const due = this.tree.due || this.#counted.objects.room.due
        const commit = this.#pending.turn(() => this.#aside(now), due)
        if (commit !== undefined) out.push(commit)
        return
      }
      case 'stored':
        return this.#stored(input, now, out)
      case 'tick':
        return this.#tick(now, input.wall, out)
      case 'connected':
        this.placement.connected(input.node)
        this.#exchange.connected(input.node, now)
        this.#reaping.connected(input.node)
        this.#recalls.connected(input.node, out)
        return this.#membership.connected(now, input.node, out)
      case 'disconnected':
        this.placement.disconnected(input.node)
        this.#membership.disconnected(input.node)
        this.#exchange.disconnected(input.node, now, out)
        return this.#lost(input.node, now, out)
      case 'disk':
        return this.#counted.objects.room.observe(input.space)
      case 'keys':
        this.#keys = input.count
        return
      case 'unsent':
        return this.#answers.unsent(input, now, out)
      case 'unreplied':
        return this.#answers.unreplied(input, out)
      case 'listening':
        return this.#membership.listening(now, input.host, input.port)
      case 'leave':
        if (this.#counted.objects.room.takes('repair', this.tree.unstoredBytes)) this.tree.stop()
        this.#recalls.leave()
        return this.#membership.leave(now, out)
    }
  }

  #tick(now: Instant, wall: WallTime, out: Effect[]): void {
    this.#clients.observe(wall)
    this.#puts.observe(wall)
    this.#hints.observe(wall)
    this.#requests.tick(now, out)
    this.#owed.tick(now)
    this.tree.tick(now)
    this.#wholeness.tick(now)
    this.#recalls.tick(now, out)
    if (this.#handsOver) this.#handoff.tick(now, out)
    this.#exchange.tick(now, wall, this.#exchanges, out)
    for (const { key, value } of this.#exchange.due(now)) {
      this.#pending.write(key, { bytes: value, meaning: undefined })
    }
    this.#reaping.tick(now, wall, out)
    this.#membership.tick(now, { keys: this.#keys, full: this.#counted.objects.room.full }, out)
    if (this.#told === undefined) this.#tellPeers(out)
    tellDamage(this.#counted.objects.damage, this.placement, out)
  }

  /** Acts on what membership found: a suspect is not waited for, another view is another ring. */
  #follow(now: Instant, out: Effect[]): void {
    for (const change of this.#membership.takeChanges()) {
      switch (change.type) {
        case 'avoid':
          this.#lost(change.node, now, out)
          break
        case 'view':
          this.placement.adopt(this.#membership.view)
          this.#tellPeers(out)
          break
        case 'address': {
          const profile = this.#membership.profileOf(change.node)
          if (profile !== undefined && this.#directory.learn(change.node, profile)) {
            this.#tellPeers(out)
          }
          break
        }
        case 'incarnation':
          this.#keepMembers()
      }
    }
  }

  /** Nobody waits for this node: neither what is under way nor what was answered. */
  #lost(node: NodeId, now: Instant, out: Effect[]): void {
    this.#requests.lost(node, now, out)
    this.#owed.lost(node)
  }

  /** Whom the host keeps connections to; what it takes to know them after a restart is kept. */
  #tellPeers(out: Effect[]): void {
    this.#told = this.#directory.peers(this.#membership.view, this.placement.self)
    out.push({ type: 'peers', peers: this.#told })
    this.#keepMembers()
  }

  #keepMembers(): void {
    const { view, incarnation } = this.#membership
    for (const { key, value } of this.#directory.rows(view, this.placement.self, incarnation)) {
      this.#pending.write(key, { bytes: value, meaning: undefined })
    }
  }

  #message(from: NodeId, message: PeerMessage, now: Instant, out: Effect[]): void {
    this.#membership.heard(now, from, out)
    if (isMembership(message)) return this.#membership.receive(now, from, message, out)
    // Whoever routes by another view learns ours, or we theirs.
    const theirs = 'epoch' in message ? message.epoch : this.placement.epoch
    if (theirs !== this.placement.epoch) this.#membership.differs(now, from, out)
    switch (message.type) {
      case 'store':
        this.#foreground.count(now)
        if (message.timeLeft > 0) this.#copies.store(from, message, out)
        return
      case 'handoff': {
        const foreground = this.#foreground.perSecond(now)
        if (message.timeLeft > 0) this.#copies.takeOver(from, message, foreground, out)
        return
      }
      case 'read':
        this.#foreground.count(now)
        if (message.timeLeft > 0) this.#copies.read(from, message, out)
        return
      case 'compare':
      case 'sketch':
      case 'differ':
      case 'fetch': {
        const foreground = this.#foreground.perSecond(now)
        return this.#exchange.asked(from, message, foreground, now, out)
      }
      case 'recall':
      case 'recalled':
        return this.#recalls.receive(from, message, now, out)
      case 'round':
        return this.#reaping.asked(from, message, now, out)
      case 'list':
        if (message.timeLeft > 0) this.#copies.list(from, message, out)
        return
      case 'forward':
        return this.#forwarded(from, message, now, out)
      default:
        return this.#answers.take(from, message, now, out)
    }
  }

  #forwarded(node: NodeId, { id, request }: Forward, now: Instant, out: Effect[]): void {
    this.#clients.take({ type: 'peer', node, id }, request, now, out)
  }

  /** A commit goes: rows that go with it. */
  #aside(now: Instant): readonly Row[] {
    this.#reaping.turn()
    return [...this.tree.turn(), ...this.#recalls.turn(now)]
  }

  /** A commit ended: acks leave, own writes count; a commit in doubt ends the process. */
  #stored(input: Extract<Input, { type: 'stored' }>, now: Instant, out: Effect[]): void {
    const then = this.#pending.settle(input)
    if (input.result !== 'durable') {
      const reason = `a commit was ${input.result === 'unknown' ? 'left in doubt' : 'refused'}`
      return void out.push({ type: 'halt', reason })
    }
    if (this.#counted.objects.room.wantsLook) out.push({ type: 'look' })
    this.#reaping.settled()
    this.tree.settled(now)
    this.#exchange.stored(now, out)
    for (const stored of then) {
      if (stored.type === 'rounded') this.#reaping.durable(stored, now, out)
      else if (stored.type !== 'own') this.#copies.durable(stored, out)
      else {
        this.#owed.stored(stored.id)
        this.#requests.find(stored.id)?.stored?.(this.placement.self, now, out)
        this.#requests.forgetIfOver(stored.id, now)
      }
    }
  }
}

/** Of clients that the host does not tell apart. */
const nobodyKnown: Holder = holderOfClient('')
