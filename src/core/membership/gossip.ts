/**
 * Gossip (Dynamo §4.8.1; Scuttlebutt, van Renesse et al. 2008): once a round a member compares
 * what it knows with another one, drawn at random, in three messages.
 *
 *     A ── syn: digest ──────────────────► B
 *     A ◄─ syn-ack: deltas, wants ──────── B      deltas: where B knows more; wants: where A does
 *     A ── ack: deltas ──────────────────► B
 *
 * The view goes along whole where the two have different ones. News of our own is also pushed
 * unasked to a few, and rounds are quick while there is news.
 */
import { sometimes } from '#mutants'
import { drawBelow, drawOne, drawSome } from '../draw.ts'
import type { Epoch, Instant, NodeId } from '../ids.ts'
import type { GossipAck, GossipSyn, GossipSynAck } from '../message.ts'
import type { Effect } from '../step.ts'
import type { Load, MemberDelta, MemberState } from './member-state.ts'
import type { Applied } from './member-table.ts'
import { noted, type Roster, sent } from './roster.ts'
import { membersMax, type View } from './view.ts'

/** What gossip needs to know of the other half of membership. */
export type GossipHost = {
  /** True where it is of no use to talk to this node. */
  readonly avoids: (node: NodeId) => boolean
  readonly learnt: (now: Instant, before: MemberState | undefined, after: MemberState) => void
}

export class Gossip {
  readonly #roster: Roster
  readonly #host: GossipHost
  #roundAt: Instant | undefined
  #rounds = 0
  #exchangedAt: Instant | undefined
  #refused = 0
  #toldRefusedAt: Instant | undefined

  constructor(roster: Roster, host: GossipHost) {
    this.#roster = roster
    this.#host = host
  }

  get rounds(): number {
    return this.#rounds
  }

  /** When the last exchange that we began was answered. */
  get exchangedAt(): Instant | undefined {
    return this.#exchangedAt
  }

  /** Records that were not taken: absurd counters, members that are none. */
  get refused(): number {
    return this.#refused
  }

  /** The next round is now. */
  hurry(now: Instant): void {
    this.#roundAt = now
  }

  /** A connection was made. */
  met(now: Instant, node: NodeId, out: Effect[]): void {
    if (this.#roundAt !== undefined) this.#syn(now, node, out)
  }

  /** This node's view is not ours: we talk, at most now and then. */
  differs(now: Instant, node: NodeId, out: Effect[]): void {
    const { newsRoundMs } = this.#roster.env.timing
    if (this.#roundAt !== undefined && this.#roundAt - now < newsRoundMs) return
    this.#roundAt = (now + newsRoundMs / 2) as Instant
    this.#syn(now, node, out)
  }

  tick(now: Instant, load: Load, out: Effect[]): void {
    const { random, timing } = this.#roster.env
    if (this.#roundAt === undefined) {
      this.#roundAt = (now + drawBelow(random, timing.newsRoundMs)) as Instant
      this.#roster.setOwn(now, {})
    }
    const soon = (now + timing.newsRoundMs) as Instant
    if (this.#roundAt > soon && this.#roster.table.isHot(now)) this.#roundAt = soon
    if (now >= this.#roundAt) this.#round(now, load, out)
  }

  onSyn(now: Instant, from: NodeId, { id, epoch, view, digest }: GossipSyn, out: Effect[]): void {
    this.#adopt(now, view, out)
    const answer = this.#roster.table.answer(now, digest)
    const wants = answer.wants.filter(want => this.#roster.isMember(want.id))
    const { deltas } = answer
    out.push(sent(from, { type: 'syn-ack', id, ...this.#viewFor(epoch), deltas, wants }))
  }

  onSynAck(now: Instant, from: NodeId, message: GossipSynAck, out: Effect[]): void {
    this.#exchangedAt = now
    this.onDeltas(now, from, message, out)
    const deltas = this.#roster.table.deltas(now, message.wants)
    const views = this.#viewFor(message.epoch)
    if (deltas.length === 0 && views.view === undefined) return
    out.push(sent(from, { type: 'ack', id: message.id, ...views, deltas }))
  }

  onDeltas(
    now: Instant,
    from: NodeId,
    { view, deltas }: Pick<GossipAck, 'view' | 'deltas'>,
    out: Effect[],
  ): void {
    this.#adopt(now, view, out)
    const { table } = this.#roster
    const isMember = (id: NodeId) => this.#roster.isMember(id)
    const applied = table.apply(now, from, deltas, isMember, this.#roster.newsMs())
    if (applied.refused.length > 0) this.#refuse(now, from, applied.refused.length, out)
    for (const { before, after } of applied.changed) this.#host.learnt(now, before, after)
    this.#defend(now, applied, out)
  }

  /** Our newest change, to a few at once: the rounds tell the others. */
  push(now: Instant, out: Effect[], most = pushedMax): void {
    const { table, own, connected, env, epoch } = this.#roster
    if (!this.#roster.isMember(own.id)) return
    // Whole: what the receiver knows of us is not known here.
    const deltas = table.deltas(now, [{ id: own.id, incarnation: 0, heartbeat: 0 }])
    for (const node of drawSome(env.random, [...connected], most)) {
      const message = {
        type: 'ack',
        id: this.#roster.newId(),
        epoch,
        view: undefined,
        deltas,
      } as const
      out.push(sent(node, message))
    }
  }

  /** One member at random; now and then one that is silent too, so that islands rejoin. */
  #round(now: Instant, load: Load, out: Effect[]): void {
    const { timing, random } = this.#roster.env
    this.#rounds += 1
    this.#beat(now, load)
    for (const node of this.#partners()) this.#syn(now, node, out)
    const periodMs = this.#roster.table.isHot(now) ? timing.newsRoundMs : timing.roundMs
    const jitterMs = drawBelow(random, Math.floor(periodMs / 5))
    this.#roundAt = (now + periodMs * 0.9 + jitterMs) as Instant
  }

  /**
   * We live, and hold so much. In a large cluster that is said every few rounds (by lot, so that
   * not all say it at once): who lives is known by those who watch, and the heartbeats of a
   * thousand would fill every message. A full disk is said at once, as all news is.
   */
  #beat(now: Instant, load: Load): void {
    const { env, members, own } = this.#roster
    const every = Math.ceil(members.size / beatingMembers)
    const { keys, full } = own.load.value
    if (full === load.full && every > 1 && drawBelow(env.random, every) > 0) return
    const same = keys === load.keys && full === load.full
    const sections = same ? {} : { load: { at: own.heartbeat + 1, value: load } }
    this.#roster.setOwn(now, sections, 0)
  }

  #partners(): ReadonlySet<NodeId> {
    const { env, members, connected } = this.#roster
    const live: NodeId[] = []
    const silent: NodeId[] = []
    for (const id of members) {
      if (id === env.self) continue
      if (connected.has(id) && !this.#host.avoids(id)) live.push(id)
      else silent.push(id)
    }
    const partners = new Set<NodeId>()
    const partner = drawOne(env.random, live)
    if (partner !== undefined) partners.add(partner)
    const apart = drawOne(env.random, silent)
    const isTurn = drawBelow(env.random, live.length + 1) < silent.length
    if (apart !== undefined && isTurn) partners.add(apart)
    return partners
  }

  #syn(now: Instant, to: NodeId, out: Effect[]): void {
    const digest = this.#roster.table.digest(now)
    const { epoch } = this.#roster
    const message = {
      type: 'syn',
      id: this.#roster.newId(),
      epoch,
      view: undefined,
      digest,
    } as const
    out.push(sent(to, message))
  }

  /** Told of ourselves what we did not say, or accused: a higher incarnation refutes it. */
  #defend(now: Instant, { ofSelf, changed }: Applied, out: Effect[]): void {
    const { own, env } = this.#roster
    const pasts = ofSelf.filter(delta => isOfAnotherLife(delta, own)).map(one => one.incarnation)
    for (const { after } of changed) {
      for (const { node, incarnation } of after.accusations.value) {
        if (node === env.self && incarnation >= own.incarnation) pasts.push(incarnation)
      }
    }
    if (pasts.length === 0) return
    sometimes('an accusation is refuted')
    const incarnation = Math.max(...pasts) + 1
    this.#roster.setOwn(now, { incarnation })
    this.#roster.changed({ type: 'incarnation' })
    out.push(noted('info', 'refuted', { incarnation }))
    this.push(now, out)
  }

  #refuse(now: Instant, from: NodeId, records: number, out: Effect[]): void {
    this.#refused += records
    if (this.#toldRefusedAt !== undefined && now - this.#toldRefusedAt < refusedTellMs) return
    this.#toldRefusedAt = now
    out.push(noted('warn', 'gossip-refused', { from, records }))
  }

  /** The view goes along where the other side's is not ours. */
  #viewFor(theirs: Epoch): Pick<GossipSyn, 'epoch' | 'view'> {
    const { epoch, view } = this.#roster
    return { epoch, view: theirs === epoch ? undefined : view }
  }

  #adopt(now: Instant, entries: View | undefined, out: Effect[]): void {
    if (entries === undefined) return
    const known = new Map(this.#roster.view.map(entry => [entry.id, entry.version]))
    const fresh = entries.filter(({ id }) => !known.has(id))
    const isAbsurd = entries.some(({ id, version }) => version > (known.get(id) ?? 0) + versionJump)
    if (isAbsurd || this.#roster.view.length + fresh.length > membersMax) {
      return this.#refuse(now, this.#roster.env.self, entries.length, out)
    }
    if (!this.#roster.adopt(entries)) return
    out.push(noted('info', 'view', { members: this.#roster.members.size }))
  }
}

/** A later incarnation than ours, or more of ours than we have said. */
function isOfAnotherLife(delta: MemberDelta, own: MemberState): boolean {
  if (delta.incarnation !== own.incarnation) return delta.incarnation > own.incarnation
  return delta.heartbeat > own.heartbeat
}

/** Heartbeats in a round of the whole cluster, about. */
const beatingMembers = 64
/** News goes to so many at once. */
const pushedMax = 8
const refusedTellMs = 60_000
/** An operator's changes of one member that may be news at once. */
const versionJump = 2 ** 20
