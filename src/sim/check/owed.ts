/**
 * I19: an answered put is owed to each of its primaries. Some time after its deadline the
 * primary's disk has it, or what superseded it, or somebody's disk has a hint of it for that
 * primary. Comparing mends a hint that was forgotten, so this looks as soon as it should be
 * there. A coordinator that ended owes nothing, nor does anybody once a disk lost rows by a fault.
 */
import type { Key, NodeId, OpId } from '../../core/ids.ts'
import type { ClientRequest, PutReply } from '../../core/message.ts'
import { longestDeadlineMs } from '../../core/quorum/longest-deadline.ts'
import type { Effect, Input } from '../../core/step.ts'
import type { Micros } from '../events.ts'
import type { Write } from '../history.ts'
import { homesOf } from '../homes.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { copiesOn, knownOf } from './copies.ts'

export const owedChecker: MakeChecker = (scene): Checker => {
  const owed = new OwedPuts(scene)
  const { hintBytesMax, disks } = scene.context.options
  // A node that is full takes no hints, and its own are left to comparing.
  if (hintBytesMax !== undefined || disks !== undefined) return { name: 'I19' }
  return { name: 'I19', onNotice: notice => owed.hear(notice) }
}

type Begun = { readonly at: Micros; readonly deadline: Micros }
type Owed = { readonly write: Write; readonly since: Micros; idleTicks: number }

class OwedPuts {
  readonly #scene: Scene
  readonly #primariesOf: (key: Key) => readonly NodeId[]
  /** Since when a node knows of a put, and when its time for it is over. */
  readonly #begun = new Map<NodeId, Map<OpId, Begun>>()
  /** What a node hears of a put that it forwarded, and answers with: it owes nothing. */
  readonly #relayed = new Map<NodeId, OpId>()
  /** Puts that a node answered. */
  readonly #owed = new Map<NodeId, Set<Owed>>()
  /** Nodes with a commit under way. */
  readonly #writing = new Set<NodeId>()
  /** When a disk lost something last. */
  #destroyedAt = -1

  constructor(scene: Scene) {
    this.#scene = scene
    const homeOf = homesOf(scene.context.options)
    this.#primariesOf = key => homeOf(key).primaries
  }

  hear(notice: Notice): void {
    switch (notice.type) {
      case 'input':
        return this.#taken(notice.node, notice.input)
      case 'effect':
        return this.#done(notice.node, notice.effect)
      case 'durable':
        this.#writing.delete(notice.node)
        return
      case 'ended':
        this.#begun.delete(notice.node)
        this.#relayed.delete(notice.node)
        this.#owed.delete(notice.node)
        this.#writing.delete(notice.node)
        return
      case 'destroyed':
        this.#owed.clear()
        this.#destroyedAt = this.#scene.context.events.now
    }
  }

  #taken(node: NodeId, input: Input): void {
    if (input.type === 'request') this.#begins(node, input.request)
    else if (input.type === 'tick') this.#look(node)
    if (input.type !== 'message') return
    const { message } = input
    if (message.type === 'forward') this.#begins(node, message.request)
    if (message.type !== 'forwarded' || message.reply.type !== 'wrote') return
    const { op } = message.reply.outcome
    if (op !== undefined) this.#relayed.set(node, op)
  }

  #begins(node: NodeId, request: ClientRequest): void {
    if (request.type !== 'put') return
    const begun = this.#begun.get(node) ?? new Map<OpId, Begun>()
    this.#begun.set(node, begun)
    const { now } = this.#scene.context.events
    const ms = Math.min(request.timeLeft, longestDeadlineMs)
    const at = begun.get(request.op)?.at ?? now
    begun.set(request.op, { at, deadline: now + ms * 1000 })
  }

  #done(node: NodeId, effect: Effect): void {
    if (effect.type === 'commit') this.#writing.add(node)
    if (effect.type === 'reply' && effect.reply.type === 'wrote') this.#wrote(node, effect.reply)
    if (effect.type !== 'send' || effect.message.type !== 'forwarded') return
    const { reply } = effect.message
    if (reply.type === 'wrote') this.#wrote(node, reply)
  }

  /** What was superseded before it was repeated is owed by nobody: there is no dot. */
  #wrote(node: NodeId, { outcome }: PutReply): void {
    const { op, dot } = outcome
    const write = op === undefined ? undefined : this.#scene.history.ofOp(op)
    if (op === undefined || write === undefined || dot === undefined) return
    if (this.#relayed.get(node) === op) return void this.#relayed.delete(node)
    const begun = this.#begun.get(node)?.get(op)
    if (begun === undefined || begun.at <= this.#destroyedAt) return
    const owed = this.#owed.get(node) ?? new Set<Owed>()
    this.#owed.set(node, owed)
    owed.add({ write, since: begun.deadline, idleTicks: 0 })
  }

  /** A process that was stopped gets some ticks, and its commit the time that it takes. */
  #look(node: NodeId): void {
    const { now } = this.#scene.context.events
    for (const one of this.#owed.get(node) ?? []) {
      if (now < one.since + lateMicros || this.#writing.has(node)) continue
      one.idleTicks++
      if (one.idleTicks < idleTicksMin) continue
      this.#owed.get(node)?.delete(one)
      this.#check(node, one.write)
    }
  }

  #check(node: NodeId, write: Write): void {
    const { history, fail } = this.#scene
    if (history.isReaped(write)) return
    for (const primary of this.#primariesOf(write.key)) {
      if (this.#isHeldFor(primary, write)) continue
      fail(
        'I19',
        write.key,
        `${node} answered that ${write.id} is written: ${primary} does not have it, and nobody keeps a hint for it`,
      )
    }
  }

  #isHeldFor(primary: NodeId, write: Write): boolean {
    const { context, history } = this.#scene
    for (const { id, disk } of context.machines.values()) {
      const copies = copiesOn(this.#scene, disk.rows, write.key).filter(
        ({ owner }) => owner === primary || (owner === undefined && id === primary),
      )
      const known = knownOf(
        history,
        copies.map(({ siblings }) => siblings),
      )
      if (known.has(write)) return true
    }
    return false
  }
}

/** Deadlines are told apart to a tenth of a second. */
const lateMicros = 200_000
/** What is due is written in the first of them. */
const idleTicksMin = 10
