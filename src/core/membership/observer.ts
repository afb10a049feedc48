/**
 * The watching half of membership (design §5): what the detector finds becomes pings, questions
 * to others, accusations in our own state, and a status for each member: *suspect* by our own
 * evidence, *down* once enough members accuse it, *left* where it said so itself.
 */
import { sometimes } from '#mutants'
import type { Instant, NodeId, RequestId } from '../ids.ts'
import type { PingFor } from '../message.ts'
import type { Effect } from '../step.ts'
import type { MemberStatus } from './beliefs.ts'
import { accusersNeeded, accusersOf } from './convictions.ts'
import { Detector, type DetectorAct } from './detector.ts'
import { type Accusation, accusationsMax, isNews, type MemberState } from './member-state.ts'
import { noted, type Roster, sent } from './roster.ts'
import { watchedBy } from './watch.ts'

type Asked = {
  readonly by: NodeId
  readonly id: RequestId
  readonly node: NodeId
  readonly at: Instant
}

export class Observer {
  readonly detector: Detector
  readonly #roster: Roster
  readonly #statuses = new Map<NodeId, MemberStatus>()
  /** Pings that we sent for others, by their number. */
  readonly #asked = new Map<RequestId, Asked>()
  /** Tells others at once what we say of ourselves. */
  readonly #push: (now: Instant, out: Effect[]) => void
  #judgedAt = -1 as Instant
  #dirty = true

  constructor(roster: Roster, push: (now: Instant, out: Effect[]) => void) {
    this.#roster = roster
    this.#push = push
    this.detector = new Detector(roster.env.timing, roster.env.random)
  }

  statusOf(node: NodeId): MemberStatus {
    return this.#statuses.get(node) ?? 'alive'
  }

  /** True where nobody should wait for this node: by our own evidence, where we have any. */
  avoids(node: NodeId): boolean {
    if (this.detector.isSuspect(node)) return true
    const status = this.#statuses.get(node)
    return status === 'left' || (status === 'down' && !this.detector.watches(node))
  }

  /** The members are others now. */
  viewChanged(now: Instant): void {
    for (const id of [...this.#statuses.keys()]) {
      if (!this.#roster.isMember(id)) this.#statuses.delete(id)
    }
    this.#watch(now)
    this.#dirty = true
  }

  heard(now: Instant, from: NodeId, out: Effect[]): void {
    const act = this.detector.heard(now, from)
    if (act !== undefined) this.#perform(now, act, out)
  }

  /** A member's state is another one. */
  learnt(now: Instant, before: MemberState | undefined, after: MemberState): void {
    // Only a living member raises it: somebody has heard from it.
    if ((before?.incarnation ?? 0) < after.incarnation) this.detector.vouched(now, after.id)
    if (isNews(before, after)) this.#dirty = true
  }

  tick(now: Instant, out: Effect[]): void {
    if (this.#judgedAt < 0) this.#watch(now)
    const { connected } = this.#roster
    const canBeAsked = (node: NodeId) => connected.has(node) && !this.avoids(node)
    for (const act of this.detector.tick(now, canBeAsked)) this.#perform(now, act, out)
    if (!this.#dirty && now - this.#judgedAt < judgeMs) return
    this.#judgedAt = now
    this.#accuse(now, out)
    if (this.#dirty) this.#judge(now, out)
    for (const [id, { at }] of this.#asked) if (now - at > askedMsMax) this.#asked.delete(id)
  }

  onPingFor(now: Instant, from: NodeId, { id, node }: PingFor, out: Effect[]): void {
    if (!this.#roster.isMember(node) || this.#asked.size >= askedMax) return
    const own = this.#roster.newId()
    this.#asked.set(own, { by: from, id, node, at: now })
    out.push(sent(node, { type: 'ping', id: own }))
  }

  onPong(id: RequestId, out: Effect[]): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) return
    this.#asked.delete(id)
    out.push(sent(asked.by, { type: 'pong-for', id: asked.id, node: asked.node }))
  }

  /** Who accuses whom; who is suspect to us is no witness. */
  accusers(): ReadonlyMap<NodeId, readonly NodeId[]> {
    return accusersOf(this.#roster.table.states(), id => !this.detector.isSuspect(id))
  }

  #perform(now: Instant, act: DetectorAct, out: Effect[]): void {
    const { node } = act
    switch (act.type) {
      case 'ping':
        return void out.push(sent(node, { type: 'ping', id: this.#roster.newId() }))
      case 'ask':
        for (const to of act.by) {
          out.push(sent(to, { type: 'ping-for', id: this.#roster.newId(), node }))
        }
        return
      case 'suspect':
        this.#roster.changed({ type: 'avoid', node })
        out.push(noted('info', 'suspect', { peer: node, phi: Math.round(act.phi * 10) / 10 }))
        break
      case 'clear':
        sometimes('a suspect is heard again')
        out.push(noted('info', 'clear', { peer: node }))
        this.#accuse(now, out)
    }
    this.#dirty = true
  }

  /** Says whom we cannot reach, where that changed. */
  #accuse(now: Instant, out: Effect[]): void {
    const accusations: Accusation[] = []
    for (const node of this.detector.accused()) {
      if (this.statusOf(node) === 'left' || accusations.length >= accusationsMax) continue
      accusations.push({ node, incarnation: this.#roster.table.state(node)?.incarnation ?? 0 })
    }
    const { accusations: before, heartbeat } = this.#roster.own
    if (isSame(before.value, accusations)) return
    this.#roster.setOwn(now, { accusations: { at: heartbeat + 1, value: accusations } })
    this.#push(now, out)
    this.#dirty = true
  }

  #judge(now: Instant, out: Effect[]): void {
    this.#dirty = false
    const { members, env } = this.#roster
    const accusers = this.accusers()
    const needed = accusersNeeded(members.size)
    let changed = false
    for (const node of members) {
      if (node === env.self) continue
      const convicted = (accusers.get(node)?.length ?? 0) >= needed
      const status = this.#judged(node, convicted)
      const before = this.statusOf(node)
      if (status === before) continue
      changed = true
      this.#statuses.set(node, status)
      if (this.avoids(node)) this.#roster.changed({ type: 'avoid', node })
      if (status === 'down') sometimes('a member is convicted')
      out.push(noted('info', 'status', { peer: node, status, before }))
    }
    if (!changed) return
    this.#watch(now)
    // Whom we watch no more is no suspect of ours.
    this.#dirty = true
  }

  #judged(node: NodeId, convicted: boolean): MemberStatus {
    if (this.#roster.table.state(node)?.profile.value.status === 'left') return 'left'
    if (convicted) return 'down'
    return this.detector.isSuspect(node) ? 'suspect' : 'alive'
  }

  /** Who is no member watches nobody. */
  #watch(now: Instant): void {
    const { env, circle } = this.#roster
    const isDown = (node: NodeId) => this.statusOf(node) === 'down'
    const isMember = this.#roster.isMember(env.self)
    this.detector.watch(now, isMember ? watchedBy(env.self, circle, isDown) : [])
  }
}

function isSame(a: readonly Accusation[], b: readonly Accusation[]): boolean {
  if (a.length !== b.length) return false
  return a.every((one, i) => one.node === b[i]?.node && one.incarnation === b[i]?.incarnation)
}

/** How often it is seen whom the detector accuses, where nothing new came. */
const judgeMs = 200
/** Questions of others under way. */
const askedMax = 256
const askedMsMax = 2000
