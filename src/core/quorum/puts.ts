/**
 * Coordinates puts (Dynamo §4.5, §4.6, design §4): admission first, then the dot on all that this
 * node holds of the key, then the object to the first N healthy nodes of the walk at once, with
 * the own write in parallel. A known operation id makes no new dot: what is held now is driven
 * to W again.
 */
import { luck, mutant, sometimes } from '#mutants'
import { hexOf } from '../binary.ts'
import { decodeContext, encodeContext } from '../causality/context.ts'
import { isPinned } from '../causality/pins.ts'
import { nothingSeen, type Siblings, seenAfterPut } from '../causality/siblings.ts'
import type { Instant, OpId, WallTime } from '../ids.ts'
import type { PutRequest, StoreCopy } from '../message.ts'
import type { Objects } from '../objects.ts'
import { nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Requests } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import { Explanation } from './explain.ts'
import { deadlineOf } from './longest-deadline.ts'
import {
  isKnownIn,
  type Made,
  Making,
  type SecondSendCounts,
  type Shown,
  type Wish,
} from './making.ts'
import { answerPut, failed, holderOf, type Origin } from './origin.ts'
import type { OwedHints } from './owed-hints.ts'
import { madeBytes, PutCoordination, type Stored } from './put-coordination.ts'
import { type PutRefusal, withoutRoom } from './put-refusal.ts'
import { type Seat, seatsOf } from './seats.ts'
import { SecondSend, type Told, toldNothing } from './second-send.ts'

/** A put as it left admission: nothing can refuse it any more. */
type Admitted = Wish & {
  readonly origin: Origin
  readonly needed: number
  readonly deadline: Instant
  readonly seats: readonly Seat[]
}

type Parts = {
  readonly env: Env
  readonly placement: Placement
  readonly objects: Objects<Stored>
  readonly requests: Requests
  readonly owed: OwedHints
}

export class Puts {
  readonly #env: Env
  readonly #placement: Placement
  readonly #objects: Objects<Stored>
  readonly #requests: Requests
  readonly #owed: OwedHints
  readonly #making: Making
  #wall: WallTime = 0

  constructor({ env, placement, objects, requests, owed }: Parts) {
    this.#env = env
    this.#placement = placement
    this.#objects = objects
    this.#requests = requests
    this.#owed = owed
    this.#making = new Making(env, placement.self, objects)
  }

  /** Vector entries dropped past the limit, since the start. */
  get pruned(): number {
    return this.#making.pruned
  }

  get secondSends(): SecondSendCounts {
    return this.#making.counts
  }

  /** The wall clock, for people and for the age of operation ids. */
  observe(wall: WallTime): void {
    this.#wall = wall
  }

  /** This node owns the key, or stands in for an owner. */
  begin(origin: Origin, request: PutRequest, now: Instant, out: Effect[]): void {
    const admitted = this.#admit(origin, request, now)
    if ('code' in admitted) return void out.push(this.#refuse(origin, request, admitted, now))
    const base = request.again ? this.#making.baseOf(admitted) : undefined
    if (base !== undefined && !isKnownIn(base, request.op)) return this.#ask(admitted, now, out)
    this.#go({ ...admitted, base }, toldNothing, now, out)
  }

  /** A second send of which nothing is known here: the owners are asked first. */
  #ask({ origin, request, deadline }: Admitted, now: Instant, out: Effect[]): void {
    const id = this.#requests.newId()
    const { holdings } = this.#requests
    // What a client of this node sent is counted where it came in.
    const bytes = origin.type === 'client' ? 0 : sentBytes(request)
    if (!holdings.fits(holderOf(origin), bytes)) {
      return void out.push(this.#refuse(origin, request, withoutHoldings, now))
    }
    const hold = (bytes: number) => holdings.add(holderOf(origin), bytes)
    const parts = { env: this.#env, placement: this.#placement, objects: this.#objects, hold }
    const second = new SecondSend(parts, request, now, (told, now, out) => {
      // Much may have changed meanwhile.
      const left = { ...request, timeLeft: Math.max(1, deadline - now) }
      const admitted = this.#admit(origin, left, now)
      if ('code' in admitted) return void out.push(this.#refuse(origin, left, admitted, now))
      this.#go(admitted, told, now, out)
    })
    this.#requests.add(id, second)
    second.begin(id, bytes, now, out)
    this.#requests.forgetIfOver(id, now)
  }

  #go(admitted: Admitted, told: Told, now: Instant, out: Effect[]): void {
    const { origin, request } = admitted
    const made = this.#making.make(admitted, told, this.#wall)
    if ('code' in made) return void out.push(this.#refuse(origin, request, made, now))
    if (!this.#requests.holdings.fits(holderOf(origin), madeBytes(made.object))) {
      sometimes('a put finds no room for the object that it makes')
      return void out.push(this.#refuse(origin, request, withoutHoldings, now))
    }
    if (made.unasked) out.push(unaskedNote(request.op))
    this.#drive(admitted, made, now, out)
  }

  #admit(origin: Origin, request: PutRequest, now: Instant): Admitted | PutRefusal {
    const { settings, self } = this.#placement
    const needed = request.w ?? settings.writeQuorum
    if (needed < 1 || needed > settings.replicas) {
      return { code: 'USAGE', message: `w must be 1 to ${settings.replicas}` }
    }
    if ((request.value?.length ?? 0) > settings.valueBytesMax) {
      return { code: 'TOO_LARGE', message: `a value has at most ${settings.valueBytesMax} bytes` }
    }
    const bytes = sentBytes(request)
    const context = this.#contextOf(request)
    if (context === undefined) {
      return {
        code: 'BAD_CONTEXT',
        message: 'the context was not issued for this key; get it again',
      }
    }
    // It may replace as much: that is known once it is made.
    const full = withoutRoom(this.#objects.room, 'shrink', bytes)
    if (full !== undefined) return full
    if (!this.#requests.room) {
      return { code: 'BUSY', message: 'this node coordinates as much as it can' }
    }
    const token = this.#placement.tokenOf(request.key)
    if (!this.#objects.generations.knows(token)) {
      return { code: 'BUSY', message: 'this node has just begun and has not heard from the others' }
    }
    const seats = seatsOf(this.#placement, token)
    if (!seats.some(({ node }) => node === self)) {
      // Another view came while the put was on its way: no row here would be one of its copies.
      return { code: 'STALE_VIEW', message: 'this node does not own the key, nor stands in' }
    }
    const primary = seats.filter(({ owner }) => owner === undefined).length
    if (primary < settings.replicas) sometimes('a put with a primary away')
    const reachable = request.strict ? primary : seats.length
    if (reachable < needed) {
      sometimes('a put is refused for want of a quorum')
      const what = request.strict ? 'primaries' : 'replicas'
      const message = `${reachable} of the ${needed} ${what} needed can be reached`
      return { code: 'QUORUM', message }
    }
    const standsInFor = seats.find(({ node }) => node === self)?.owner
    const deadline = deadlineOf(now, request.timeLeft)
    if (standsInFor !== undefined && !this.#objects.hints.hasRoom(bytes)) {
      return { code: 'STORE_FULL', message: 'this node has no room for hints' }
    }
    return { origin, request, token, needed, seen: context, deadline, seats, standsInFor }
  }

  #drive(admitted: Admitted, made: Made, now: Instant, out: Effect[]): void {
    const { request, token, needed, deadline, origin } = admitted
    const id = this.#requests.newId()
    const copy: StoreCopy = {
      type: 'store',
      id,
      epoch: this.#placement.epoch,
      timeLeft: request.timeLeft,
      key: request.key,
      token,
      object: made.object,
      generation: made.generation,
      time: made.time,
      owner: undefined,
    }
    const terms = {
      primaries: this.#placement.primaries(token),
      needed,
      strict: request.strict,
      deadline,
      dot: made.version?.dot,
      op: request.op,
      key: request.key,
      token,
      standsInFor: admitted.standsInFor,
      made,
      begun: now,
      context: this.#contextAfter(admitted, made),
      newest: newestBeside(made.siblings, request.op),
      siblings: made.siblings.versions.length - 1,
      generation: made.generation,
      explanation: request.explain ? new Explanation(this.#placement, token, now) : undefined,
    }
    const { holdings } = this.#requests
    const [placement, objects, owed] = [this.#placement, this.#objects, this.#owed]
    const parts = { placement, objects, holdings, owed, counts: this.secondSends }
    const put = new PutCoordination(parts, origin, terms, copy)
    this.#requests.add(id, put)
    const seats = mutant(35) && luck() < 0.5 ? [...admitted.seats].reverse() : admitted.seats
    for (const { node, owner } of seats) put.ask(node, owner, now, out)
    this.#storeOwn(put, id, admitted, made, now, out)
    this.#requests.forgetIfOver(id, now)
  }

  #storeOwn(
    put: PutCoordination,
    id: number,
    { token, request, standsInFor }: Admitted,
    made: Made,
    now: Instant,
    out: Effect[],
  ): void {
    const then = { type: 'own', id } as const
    if (!made.held) this.#objects.writeOwn(made, standsInFor, made, then)
    else if (this.#objects.follow(token, request.key, standsInFor, then)) {
      sometimes('a retry waits for the commit of its first try')
    } else put.stored(this.#placement.self, now, out)
  }

  #contextOf({ key, context }: PutRequest): Shown | undefined {
    const nothing = { ...nothingSeen, generation: 0 }
    if (context === undefined) return nothing
    const told = decodeContext(this.#env.hash, this.#env.secrets.context, key, context)
    if (told !== undefined) return { ...told.seen, generation: told.generation }
    return mutant(18) ? nothing : undefined
  }

  #contextAfter({ request, seen }: Admitted, made: Made): Uint8Array {
    const { hash, secrets } = this.#env
    const after =
      made.version === undefined
        ? seen
        : seenAfterPut(seen, made.version, isPinned(made.siblings.pins, made.version.op))
    return encodeContext(hash, secrets.context, request.key, after, made.generation)
  }

  /** Definite for this send; of an earlier one of the same operation nothing is known here. */
  #refuse(origin: Origin, request: PutRequest, refusal: PutRefusal, now: Instant): Effect {
    const { op, w, again, key, explain } = request
    const needed = w ?? this.#placement.settings.writeQuorum
    const outcome = { ...nothingDone(needed, op), definite: refusal.definite ?? !again }
    const { code, message, floor, time } = refusal
    const token = this.#placement.tokenOf(key)
    const explained = explain ? new Explanation(this.#placement, token, now).explained() : undefined
    const failure = {
      ...{ code, message, outcome },
      ...(floor === undefined ? {} : { floor }),
      ...(time === undefined ? {} : { time }),
    }
    return answerPut(origin, failed(origin, failure, explained))
  }
}

/** The one way left to do an operation twice, at worst a visible sibling: somebody may ask why. */
function unaskedNote(op: OpId): Effect {
  const detail = { op: hexOf(op) }
  return { type: 'note', note: { level: 'info', event: 'second-send-unasked', detail } }
}

function newestBeside({ ops: [highest] }: Siblings, op: OpId): OpId | undefined {
  return highest === op ? undefined : highest
}

function sentBytes({ value, context }: PutRequest): number {
  return (value?.length ?? 0) + (context?.length ?? 0)
}

const withoutHoldings: PutRefusal = {
  code: 'BUSY',
  message: 'the objects that this client writes to fill its part of the memory of this node',
}
