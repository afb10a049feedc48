/** What each replica of a key holds, for people (`kv ring KEY`): no quorum, every answer shown. */
import { decodeObject } from '../causality/object.ts'
import type { Siblings } from '../causality/siblings.ts'
import type { Instant, NodeId, Token } from '../ids.ts'
import type { InspectedReplica, InspectRequest } from '../message.ts'
import { damaged } from '../object-rows.ts'
import type { Objects } from '../objects.ts'
import { nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Coordination, PeerAnswer, Requests } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import { deadlineOf } from './longest-deadline.ts'
import { type ClientOrigin, failed, replyTo } from './origin.ts'
import type { Stored } from './put-coordination.ts'

export class Inspections {
  readonly #env: Env
  readonly #placement: Placement
  readonly #objects: Objects<Stored>
  readonly #requests: Requests

  constructor(env: Env, placement: Placement, objects: Objects<Stored>, requests: Requests) {
    this.#env = env
    this.#placement = placement
    this.#objects = objects
    this.#requests = requests
  }

  begin(origin: ClientOrigin, request: InspectRequest, now: Instant, out: Effect[]): void {
    if (!this.#requests.room) {
      const message = 'this node coordinates as much as it can'
      const failure = { code: 'BUSY', message, outcome: nothingDone(0) } as const
      return void out.push(replyTo(origin, failed(origin, failure)))
    }
    const { key, timeLeft } = request
    const { self, epoch } = this.#placement
    const token = this.#placement.tokenOf(key)
    const primaries = this.#placement.primaries(token)
    const id = this.#requests.newId()
    const deadline = deadlineOf(now, timeLeft * answerShare)
    const inspection = new Inspection(this.#env, origin, token, primaries, deadline)
    this.#requests.add(id, inspection)
    const message = { type: 'read', id, epoch, timeLeft, key, token, full: true } as const
    for (const to of primaries) {
      if (to === self) {
        const whole = this.#objects.wholeness.isWhole(token)
        inspection.own(self, whole, this.#objects.durable(token, key), out)
      } else if (this.#placement.reachable(to)) out.push({ type: 'send', to, message })
      else inspection.lost(to, now, out)
    }
    this.#requests.forgetIfOver(id, now)
  }
}

class Inspection implements Coordination {
  readonly #env: Env
  readonly #origin: ClientOrigin
  readonly #token: Token
  readonly #order: readonly NodeId[]
  readonly #deadline: Instant
  readonly #waiting: Set<NodeId>
  readonly #replicas = new Map<NodeId, InspectedReplica>()

  constructor(
    env: Env,
    origin: ClientOrigin,
    token: Token,
    primaries: readonly NodeId[],
    deadline: Instant,
  ) {
    this.#env = env
    this.#origin = origin
    this.#token = token
    this.#order = primaries
    this.#deadline = deadline
    this.#waiting = new Set(primaries)
  }

  own(
    self: NodeId,
    whole: boolean,
    held: ReturnType<Objects<Stored>['durable']>,
    out: Effect[],
  ): void {
    if (held === damaged) this.#heard(self, undefined, undefined, out)
    else this.#heard(self, whole, held?.siblings, out)
  }

  answered(from: NodeId, answer: PeerAnswer, _now: Instant, out: Effect[]): void {
    if (answer.type !== 'held') return
    const siblings =
      answer.object === undefined ? undefined : decodeObject(this.#env.hash, answer.object)
    this.#heard(from, answer.refused === undefined ? answer.whole : undefined, siblings, out)
  }

  lost(node: NodeId, _now: Instant, out: Effect[]): void {
    this.#heard(node, undefined, undefined, out)
  }

  tick(now: Instant, out: Effect[]): void {
    if (now < this.#deadline) return
    for (const node of [...this.#waiting]) this.#heard(node, undefined, undefined, out)
  }

  over(): boolean {
    return this.#waiting.size === 0
  }

  #heard(
    node: NodeId,
    whole: boolean | undefined,
    siblings: Siblings | undefined,
    out: Effect[],
  ): void {
    if (!this.#waiting.delete(node)) return
    const versions = (siblings?.versions ?? []).map(({ dot, tombstone, value, via }) => ({
      dot,
      tombstone,
      bytes: value.length,
      via,
    }))
    this.#replicas.set(node, { node, whole, versions })
    if (this.#waiting.size > 0) return
    const replicas = this.#order.flatMap(id => this.#replicas.get(id) ?? [])
    const { id } = this.#origin
    out.push(replyTo(this.#origin, { type: 'inspected', id, token: this.#token, replicas }))
  }
}

/** The share of a request's time that replicas have to answer. */
const answerShare = 0.7
