/**
 * Who is there (Dynamo §4.8, design §5): gossips what members say of themselves and what
 * operators decided, watches some of them, and knows at any time whom not to wait for. Routing
 * follows this node's own suspicion at once; the word *down* waits for a second accuser.
 */
import type { Epoch, Instant, NodeId } from '../ids.ts'
import type { MembershipMessage, PeerMessage } from '../message.ts'
import type { Effect } from '../step.ts'
import type { Belief, Beliefs } from './beliefs.ts'
import { Gossip } from './gossip.ts'
import type { Load, Profile } from './member-state.ts'
import { Observer } from './observer.ts'
import { type MembershipChange, type MembershipEnv, noted, Roster } from './roster.ts'
import type { View } from './view.ts'

export class Membership {
  readonly #roster: Roster
  readonly #gossip: Gossip
  readonly #observer: Observer
  #toldStranger = false
  /** After a pause of our own: the first exchange that was begun since then has this number. */
  #trustedFrom = 0

  constructor(env: MembershipEnv) {
    const roster = new Roster(env)
    this.#roster = roster
    this.#observer = new Observer(roster, (now, out) => this.#gossip.push(now, out))
    this.#gossip = new Gossip(roster, {
      avoids: node => this.#observer.avoids(node),
      learnt: (now, before, after) => {
        if (before?.profile.at !== after.profile.at || before.incarnation !== after.incarnation) {
          roster.changed({ type: 'address', node: after.id })
        }
        this.#observer.learnt(now, before, after)
      },
    })
  }

  get view(): View {
    return this.#roster.view
  }

  get epoch(): Epoch {
    return this.#roster.epoch
  }

  get incarnation(): number {
    return this.#roster.own.incarnation
  }

  isMember(node: NodeId): boolean {
    return this.#roster.isMember(node)
  }

  /** True where nobody should wait for this node. */
  avoids(node: NodeId): boolean {
    return this.#observer.avoids(node)
  }

  /** Where a member said it listens; undefined: it has said nothing yet. */
  profileOf(node: NodeId): Profile | undefined {
    return this.#roster.table.state(node)?.profile.value
  }

  /** What changed since the last call. */
  takeChanges(): readonly MembershipChange[] {
    return this.#roster.takeChanges()
  }

  connected(now: Instant, node: NodeId, out: Effect[]): void {
    this.#roster.connected.add(node)
    this.#gossip.met(now, node, out)
  }

  disconnected(node: NodeId): void {
    this.#roster.connected.delete(node)
  }

  /** At the start of every step. */
  clock(now: Instant): void {
    if (!this.#observer.detector.clock(now)) return
    this.#trustedFrom = this.#roster.lastId + 1
    this.#gossip.hurry(now)
  }

  /** Any message of this node came in. */
  heard(now: Instant, from: NodeId, out: Effect[]): void {
    this.#observer.heard(now, from, out)
  }

  /** This node's view is not ours. */
  differs(now: Instant, node: NodeId, out: Effect[]): void {
    this.#gossip.differs(now, node, out)
  }

  receive(now: Instant, from: NodeId, message: MembershipMessage, out: Effect[]): void {
    const { view } = this.#roster
    switch (message.type) {
      case 'syn':
        this.#gossip.onSyn(now, from, message, out)
        break
      case 'syn-ack':
        this.#gossip.onSynAck(now, from, message, out)
        this.#tellStranger(out)
        if (message.id >= this.#trustedFrom) this.#observer.detector.caughtUp()
        break
      case 'ack':
        this.#gossip.onDeltas(now, from, message, out)
        break
      case 'ping':
        out.push({ type: 'send', to: from, message: { type: 'pong', id: message.id } })
        break
      case 'pong':
        this.#observer.onPong(message.id, out)
        break
      case 'ping-for':
        this.#observer.onPingFor(now, from, message, out)
        break
      case 'pong-for':
        this.#observer.detector.vouched(now, message.node)
    }
    if (view !== this.#roster.view) this.#observer.viewChanged(now)
  }

  tick(now: Instant, load: Load, out: Effect[]): void {
    this.#observer.tick(now, out)
    this.#gossip.tick(now, load, out)
  }

  /** Where others reach this node. */
  listening(now: Instant, host: string, port: number): void {
    const { profile, heartbeat } = this.#roster.own
    const value: Profile = { ...profile.value, host, port }
    this.#roster.setOwn(now, { profile: { at: heartbeat + 1, value } })
    this.#roster.changed({ type: 'address', node: this.#roster.env.self })
  }

  /** This node stops on purpose, and says so to everybody it can reach. */
  leave(now: Instant, out: Effect[]): void {
    const { profile, heartbeat } = this.#roster.own
    const value: Profile = { ...profile.value, status: 'left' }
    this.#roster.setOwn(now, { profile: { at: heartbeat + 1, value } })
    this.#gossip.push(now, out, this.#roster.connected.size)
  }

  beliefs(now: Instant): Beliefs {
    const { env, epoch, members } = this.#roster
    const { exchangedAt, rounds, refused } = this.#gossip
    const accusers = this.#observer.accusers()
    return {
      epoch,
      member: members.has(env.self),
      beliefs: [...members].map(id => this.#belief(now, id, accusers.get(id) ?? [])),
      rounds,
      lastExchangeMs: exchangedAt === undefined ? undefined : Math.max(0, now - exchangedAt),
      refused,
    }
  }

  /** Somebody of the cluster has answered, and its view does not have us: said once. */
  #tellStranger(out: Effect[]): void {
    const { self } = this.#roster.env
    if (this.#toldStranger || this.#roster.isMember(self)) return
    this.#toldStranger = true
    out.push(noted('warn', 'no-member', {}))
  }

  #belief(now: Instant, node: NodeId, accusers: readonly NodeId[]): Belief {
    const state = this.#roster.table.state(node)
    const { detector } = this.#observer
    const isSelf = node === this.#roster.env.self
    return {
      node,
      status: this.#observer.statusOf(node),
      phi: isSelf ? 0 : hundredths(detector.phi(now, node)),
      heardMs: isSelf ? 0 : detector.heardAgoMs(now, node),
      incarnation: state?.incarnation ?? 0,
      heartbeat: state?.heartbeat ?? 0,
      accusers,
      keys: state?.load.value.keys,
    }
  }
}

/** Is this message membership's to answer? */
export function isMembership(message: PeerMessage): message is MembershipMessage {
  switch (message.type) {
    case 'syn':
    case 'syn-ack':
    case 'ack':
    case 'ping':
    case 'pong':
    case 'ping-for':
    case 'pong-for':
      return true
    default:
      return false
  }
}

function hundredths(phi: number | undefined): number | undefined {
  return phi === undefined ? undefined : Math.round(Math.min(phi, phiShownMax) * 100) / 100
}

/** Beyond it a number says nothing more. */
const phiShownMax = 999
