/** Coordinates gets (Dynamo §4.5, design §4). Any node may; one that owns the key reads itself. */
import { encodeContext } from '../causality/context.ts'
import { decodeObject } from '../causality/object.ts'
import { type Siblings, seenOf } from '../causality/siblings.ts'
import { after, type Generation, type Instant, type Key, type NodeId, type Token } from '../ids.ts'
import type { CopyRead, GetRequest, ShownVersion } from '../message.ts'
import { damaged, type Objects } from '../objects.ts'
import { type Code, nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Coordination, PeerAnswer, Requests } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import { type GetStep, GetTally, type HeldAnswer } from './get.ts'
import { type ClientOrigin, failed, replyTo } from './origin.ts'
import type { Stored } from './put-coordination.ts'

export class Gets {
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

  begin(origin: ClientOrigin, request: GetRequest, now: Instant, out: Effect[]): void {
    const { settings, self } = this.#placement
    const needed = request.r ?? settings.readQuorum
    const token = this.#placement.tokenOf(request.key)
    const asked = this.#placement.primaries(token).filter(node => this.#placement.reachable(node))
    if (needed < 1 || needed > settings.replicas) {
      return this.#refuse(origin, 'USAGE', `r must be 1 to ${settings.replicas}`, needed, out)
    }
    if (!this.#requests.room) {
      return this.#refuse(origin, 'BUSY', 'this node coordinates as much as it can', needed, out)
    }
    const full = asked.includes(self) ? self : asked[0]
    if (full === undefined || asked.length < needed) {
      const message = `${asked.length} of the ${needed} replicas needed can be reached`
      return this.#refuse(origin, 'QUORUM', message, needed, out)
    }
    const id = this.#requests.newId()
    const deadline = after(now, request.timeLeft)
    const tally = new GetTally(asked, full, needed, now, deadline)
    const get = new GetCoordination(this.#env, this.#placement, origin, tally, {
      id,
      key: request.key,
      token,
    })
    this.#requests.add(id, get)
    for (const node of asked) if (node !== self) get.ask(node, node === full, now, out)
    if (full === self) get.own(this.#objects, now, out)
    this.#requests.forgetIfOver(id, now)
  }

  #refuse(origin: ClientOrigin, code: Code, message: string, needed: number, out: Effect[]): void {
    out.push(replyTo(origin, failed(origin, { code, message, outcome: nothingDone(needed) })))
  }
}

/** What a get is about. */
type Subject = { readonly id: number; readonly key: Key; readonly token: Token }

class GetCoordination implements Coordination {
  readonly #env: Env
  readonly #placement: Placement
  readonly #origin: ClientOrigin
  readonly #tally: GetTally
  readonly #subject: Subject

  constructor(
    env: Env,
    placement: Placement,
    origin: ClientOrigin,
    tally: GetTally,
    subject: Subject,
  ) {
    this.#env = env
    this.#placement = placement
    this.#origin = origin
    this.#tally = tally
    this.#subject = subject
  }

  ask(to: NodeId, full: boolean, now: Instant, out: Effect[]): void {
    const { epoch } = this.#placement
    const { id, key, token } = this.#subject
    const timeLeft = Math.max(1, this.#tally.deadline - now)
    const message = { type: 'read', id, epoch, timeLeft, key, token, full } as const
    out.push({ type: 'send', to, message })
  }

  /** This node's own copy, as it is on disk. */
  own(objects: Objects<Stored>, now: Instant, out: Effect[]): void {
    const held = objects.durable(this.#subject.token, this.#subject.key)
    const { self } = this.#placement
    if (held === damaged) return this.#go(this.#tally.lost(self, now), now, out)
    const answer: HeldAnswer = {
      digest: held?.digest ?? '',
      whole: this.#env.whole,
      generation: 0,
      siblings: held?.siblings,
    }
    this.#go(this.#tally.answered(self, answer, now), now, out)
  }

  answered(from: NodeId, answer: PeerAnswer, now: Instant, out: Effect[]): void {
    if (answer.type !== 'held') return
    const held = answer.refused === undefined ? heldOf(this.#env, answer) : undefined
    const step =
      held === undefined ? this.#tally.lost(from, now) : this.#tally.answered(from, held, now)
    this.#go(step, now, out)
  }

  lost(node: NodeId, now: Instant, out: Effect[]): void {
    this.#go(this.#tally.lost(node, now), now, out)
  }

  tick(now: Instant, out: Effect[]): void {
    this.#go(this.#tally.tick(now), now, out)
  }

  over(): boolean {
    return this.#tally.settled
  }

  #go(step: GetStep, now: Instant, out: Effect[]): void {
    if (step === undefined) return
    switch (step.type) {
      case 'fetch':
        for (const node of step.from) this.ask(node, true, now, out)
        return
      case 'done':
        return this.#reply(step.siblings, step.generation, out)
      case 'failed':
        out.push(replyTo(this.#origin, failed(this.#origin, step.failure)))
    }
  }

  #reply(siblings: Siblings, generation: Generation, out: Effect[]): void {
    const { hash, secrets } = this.#env
    const { key } = this.#subject
    const versions: ShownVersion[] = siblings.versions.map(version => ({
      dot: version.dot,
      op: version.op,
      value: version.tombstone ? undefined : version.value,
      at: version.at,
      via: version.via,
    }))
    out.push(
      replyTo(this.#origin, {
        type: 'got',
        id: this.#origin.id,
        versions,
        context: encodeContext(hash, secrets.context, key, seenOf(siblings), generation),
        generation,
        outcome: this.#tally.outcome(),
        explained: undefined,
      }),
    )
  }
}

/** What a peer's answer says; undefined where its object cannot be read. */
function heldOf(env: Env, answer: CopyRead): HeldAnswer | undefined {
  const { digest, whole, generation, object } = answer
  if (object === undefined) return { digest, whole, generation, siblings: undefined }
  const siblings = decodeObject(env.hash, object)
  return siblings === undefined ? undefined : { digest, whole, generation, siblings }
}
