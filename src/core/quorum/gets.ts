/**
 * Begins gets (Dynamo §4.5, §4.6, design §4) at the first N healthy nodes of the key. Any node
 * may coordinate one; one that owns the key reads itself.
 */
import { drawBelow } from '../draw.ts'
import type { Instant, NodeId, Token } from '../ids.ts'
import type { GetRequest } from '../message.ts'
import type { Objects } from '../objects.ts'
import { type Code, nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Requests } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import { Explanation } from './explain.ts'
import { GetTally } from './get.ts'
import { GetCoordination } from './get-coordination.ts'
import type { GetParts, GetSubject } from './get-subject.ts'
import { Hedging } from './hedging.ts'
import { LateRoom } from './late-room.ts'
import { deadlineOf } from './longest-deadline.ts'
import { type ClientOrigin, failed, replyTo } from './origin.ts'
import type { Stored } from './put-coordination.ts'
import type { RepairMode } from './repair-mode.ts'

export class Gets {
  readonly #parts: GetParts
  readonly #requests: Requests

  constructor(env: Env, placement: Placement, objects: Objects<Stored>, requests: Requests) {
    const late = new LateRoom()
    const hedging = new Hedging()
    const counts = { repairs: 0 }
    const unwhole = new Set<NodeId>()
    const { holdings } = requests
    this.#parts = { env, placement, objects, holdings, late, hedging, counts, unwhole }
    this.#requests = requests
  }

  /** Full reads that were asked of a second node, since the start. */
  get hedges(): number {
    return this.#parts.hedging.hedges
  }

  /** Copies that were written back, since the start. */
  get repairs(): number {
    return this.#parts.counts.repairs
  }

  begin(origin: ClientOrigin, request: GetRequest, now: Instant, out: Effect[]): void {
    const { placement, hedging } = this.#parts
    const { settings, self } = placement
    const needed = request.r ?? settings.readQuorum
    if (needed < 1 || needed > settings.replicas) {
      return this.#refuse(origin, needed, 'USAGE', `r must be 1 to ${settings.replicas}`, out)
    }
    if (!this.#requests.room) {
      return this.#refuse(origin, needed, 'BUSY', 'this node coordinates as much as it can', out)
    }
    const token = placement.tokenOf(request.key)
    const primaries = placement.primaries(token)
    const explanation = request.explain ? this.#explain(token, primaries, now) : undefined
    const asked = this.#healthy(primaries, token, request.strict)
    const full = this.#source(asked, primaries, token, now)
    if (full === undefined || asked.length < needed) {
      const what = request.strict ? 'primaries' : 'replicas'
      const message = `${asked.length} of the ${needed} ${what} needed can be reached`
      return this.#refuse(origin, needed, 'QUORUM', message, out, explanation)
    }
    hedging.begun()
    const id = this.#requests.newId()
    const deadline = deadlineOf(now, request.timeLeft)
    const mode = this.#modeOf(request)
    const subject: GetSubject = {
      primaries,
      needed,
      deadline,
      id,
      origin,
      request,
      token,
      mode,
      explanation,
    }
    const tally = new GetTally(subject, asked, full, now)
    const get = new GetCoordination(this.#parts, subject, tally, now)
    this.#requests.add(id, get)
    for (const node of asked) if (node !== self) get.ask(node, node === full, now, out)
    if (asked.includes(self)) get.ask(self, true, now, out)
    this.#requests.forgetIfOver(id, now)
  }

  #explain(token: Token, primaries: readonly NodeId[], now: Instant): Explanation {
    const { placement } = this.#parts
    const explanation = new Explanation(placement, token, now)
    for (const node of primaries) {
      if (!placement.reachable(node)) explanation.note(now, node, 'lost', 'before it was asked')
    }
    return explanation
  }

  /** The primaries that can be reached and, unless it is strict, a fallback for each other. */
  #healthy(primaries: readonly NodeId[], token: Token, strict: boolean): readonly NodeId[] {
    const { placement } = this.#parts
    if (primaries.every(node => placement.reachable(node))) return primaries
    const healthy = primaries.filter(node => placement.reachable(node))
    if (strict) return healthy
    for (const node of placement.fallbacks(token)) {
      if (healthy.length < primaries.length && placement.reachable(node)) healthy.push(node)
    }
    return healthy
  }

  /** Who is asked for the object: this node if it owns it; an owner that is whole, if one can be. */
  #source(
    asked: readonly NodeId[],
    primaries: readonly NodeId[],
    token: Token,
    now: Instant,
  ): NodeId | undefined {
    const { hedging, objects, placement, unwhole } = this.#parts
    const { self } = placement
    const ownWhole = objects.wholeness.isWhole(token)
    if (ownWhole && primaries.includes(self)) return self
    if (asked === primaries && ownWhole && unwhole.size === 0) return hedging.fastest(asked, now)
    const owners = asked.filter(node => primaries.includes(node))
    const isWhole = (node: NodeId) => (node === self ? ownWhole : !unwhole.has(node))
    return hedging.fastest(owners.filter(isWhole), now) ?? hedging.fastest(owners, now) ?? asked[0]
  }

  #modeOf({ repair }: GetRequest): Exclude<RepairMode, number> {
    const { env, placement } = this.#parts
    const mode = repair ?? placement.settings.readRepair
    if (typeof mode !== 'number') return mode
    return drawBelow(env.random, draws) < mode * draws ? 'async' : 'off'
  }

  #refuse(
    origin: ClientOrigin,
    needed: number,
    code: Code,
    message: string,
    out: Effect[],
    explanation?: Explanation,
  ): void {
    const failure = { code, message, outcome: nothingDone(needed) }
    out.push(replyTo(origin, failed(origin, failure, explanation?.explained())))
  }
}

const draws = 65_536
