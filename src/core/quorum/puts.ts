/**
 * Coordinates puts (Dynamo §4.5, §4.6, design §4): admission first, then the dot on all that this
 * node holds of the key, then the object to the first N healthy nodes of the walk at once, with
 * the own write in parallel. A known operation id makes no new dot: what is held now is driven
 * to W again.
 */
import { luck, mutant, sometimes } from '#mutants'
import { type ActorField, nextDot } from '../causality/actor.ts'
import { decodeContext, encodeContext } from '../causality/context.ts'
import { encodeObject } from '../causality/object.ts'
import { isPinned } from '../causality/pins.ts'
import { prune, vectorEntriesMax } from '../causality/prune.ts'
import {
  appliedOp,
  noSiblings,
  nothingSeen,
  putVersion,
  type Seen,
  type Siblings,
  seenAfterPut,
  type Version,
} from '../causality/siblings.ts'
import { counterMax, type Dot } from '../causality/version-vector.ts'
import type { Actor, Generation, Instant, Key, NodeId, OpId, Token, WallTime } from '../ids.ts'
import type { PutRequest, StoreCopy } from '../message.ts'
import type { Base, Copy, Objects } from '../objects.ts'
import { nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Requests } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import { Explanation } from './explain.ts'
import { deadlineOf } from './longest-deadline.ts'
import { answerPut, failed, holderOf, type Origin } from './origin.ts'
import { madeBytes, PutCoordination, type Stored } from './put-coordination.ts'
import { belowFloor, type PutRefusal, untimely } from './put-refusal.ts'
import { type Seat, seatsOf } from './seats.ts'

/** A put as it left admission: nothing can refuse it any more. */
type Admitted = {
  readonly origin: Origin
  readonly request: PutRequest
  readonly token: Token
  readonly needed: number
  readonly seen: Shown
  readonly deadline: Instant
  readonly seats: readonly Seat[]
  /** Whose hint this node writes to; undefined: it owns the key. */
  readonly standsInFor: NodeId | undefined
}

/** The object that is driven to the replicas, and the row that it was made from. */
type Made = Copy &
  Pick<Base, 'row'> & {
    /** Of this operation; undefined where it was applied before and superseded. */
    readonly version: Version | undefined
    /** Of the row that it is written to. */
    readonly field: ActorField | undefined
    /** Does the row hold all of it already? */
    readonly held: boolean
  }

/** What a context shows, and how far reaping was when it was given out. */
type Shown = Seen & { readonly generation: Generation }

export class Puts {
  readonly #env: Env
  readonly #placement: Placement
  readonly #objects: Objects<Stored>
  readonly #requests: Requests
  /** Known-bad 37: the fields of rows, kept outside of them. */
  readonly #fields = new Map<Key, ActorField>()
  /** Known-bad 3: what this process counted. */
  #counted = 0
  readonly #entriesMax: number
  #pruned = 0
  #wall: WallTime = 0

  constructor(env: Env, placement: Placement, objects: Objects<Stored>, requests: Requests) {
    this.#env = env
    this.#placement = placement
    this.#objects = objects
    this.#requests = requests
    this.#entriesMax = env.vectorEntriesMax ?? vectorEntriesMax
  }

  /** Vector entries dropped past the limit, since the start. */
  get pruned(): number {
    return this.#pruned
  }

  /** The wall clock, for people and for the age of operation ids. */
  observe(wall: WallTime): void {
    this.#wall = wall
  }

  /** This node owns the key, or stands in for an owner. */
  begin(origin: Origin, request: PutRequest, now: Instant, out: Effect[]): void {
    const admitted = this.#admit(origin, request, now)
    if ('code' in admitted) return void out.push(this.#refuse(origin, request, admitted, now))
    const made = this.#make(admitted)
    if ('code' in made) return void out.push(this.#refuse(origin, request, made, now))
    if (!this.#requests.holdings.fits(holderOf(origin), madeBytes(made.object))) {
      sometimes('a put finds no room for the object that it makes')
      const refusal = { code: 'BUSY', message: noRoomLine } as const
      return void out.push(this.#refuse(origin, request, refusal, now))
    }
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
    const bytes = (request.value?.length ?? 0) + (request.context?.length ?? 0)
    const context = this.#contextOf(request)
    if (context === undefined) {
      return {
        code: 'BAD_CONTEXT',
        message: 'the context was not issued for this key; get it again',
      }
    }
    if (!this.#objects.room.takes(request.value === undefined ? 'shrink' : 'grow', bytes)) {
      return { code: 'STORE_FULL', message: 'the disk of this node is almost full' }
    }
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

  /** The object with the new version in it, or what was made of the operation before. */
  #make({ request, token, seen, standsInFor }: Admitted): Made | PutRefusal {
    const { own, all: base, row } = this.#objects.baseOf(token, request.key, standsInFor)
    const { generations } = this.#objects
    const floor = generations.floorOf(token)
    const siblings = base?.siblings ?? noSiblings
    const applied = mutant(11) ? undefined : appliedOp(siblings, request.op)
    if (applied !== undefined && base !== undefined) {
      if (applied === 'superseded') sometimes('a retry meets its first try superseded')
      else sometimes('a retry meets its first try alive')
      // An old hint has it, which no owner would take.
      if (base.generation < floor) return belowFloor(request, floor)
      const version = applied === 'superseded' ? undefined : applied
      return { ...base, version, row, held: own === base }
    }
    const refused = untimely(request, siblings, this.#wall)
    if (refused !== undefined) return refused
    const stamp = Math.min(generations.stampOf(token), base?.generation ?? counterMax)
    // A context tells, too, how far its client was: whoever repeats an earlier call says nothing else.
    const heard = Math.max(request.generation, seen.generation)
    const generation = mutant(38) ? stamp : Math.min(stamp, heard)
    if (generation < floor) return belowFloor(request, floor)
    const draw = () => this.#env.random(8) as Actor
    const before = mutant(37) ? this.#fields.get(request.key) : base?.field
    const { dot, field } = mutant(3)
      ? this.#dotFromMemory()
      : nextDot(before, this.#env.start, siblings, seen, draw)
    if (mutant(37)) this.#fields.set(request.key, field)
    const version = this.#version(request, dot)
    const put = putVersion(siblings, seen, version)
    const pruned = prune(put, siblings, field, version, this.#entriesMax)
    if (pruned.dropped > 0) {
      sometimes('a vector is pruned')
      this.#pruned += pruned.dropped
    }
    const made = pruned.siblings
    if (made.versions.length > siblingsMax && made.versions.length > siblings.versions.length) {
      const message = `the key has ${siblingsMax} siblings; resolve them first`
      return { code: 'SIBLING_LIMIT', message }
    }
    if (made.versions.length >= 4) sometimes('a key with four siblings or more')
    const object = encodeObject(made)
    if (object.length > objectBytesMax) {
      return {
        code: 'SIBLING_LIMIT',
        message: 'the siblings are too large together; resolve first',
      }
    }
    return {
      siblings: made,
      object,
      field: pruned.field,
      version,
      time: this.#wall,
      generation,
      row,
      held: false,
    }
  }

  /** Known-bad 3: the node itself is the actor, and counts in memory. */
  #dotFromMemory(): { readonly dot: Dot; readonly field: ActorField } {
    const actor = this.#placement.self.padEnd(8, '-') as Actor
    const dot = { actor, counter: ++this.#counted }
    return { dot, field: { actor, start: this.#env.start } }
  }

  #version(request: PutRequest, dot: Dot): Version {
    const value = request.value ?? noBytes
    return {
      dot,
      op: request.op,
      tombstone: request.value === undefined,
      checksum: this.#env.hash.crc32(value),
      at: this.#wall,
      via: this.#placement.self,
      value,
    }
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
      begun: now,
      context: this.#contextAfter(admitted, made),
      newest: newestBeside(made.siblings, request.op),
      siblings: made.siblings.versions.length - 1,
      generation: made.generation,
      explanation: request.explain ? new Explanation(this.#placement, token, now) : undefined,
    }
    const { holdings } = this.#requests
    const parts = { placement: this.#placement, objects: this.#objects, holdings }
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

function newestBeside({ ops: [highest] }: Siblings, op: OpId): OpId | undefined {
  return highest === op ? undefined : highest
}

const noBytes = new Uint8Array(0)
const noRoomLine = 'the objects that this client writes to fill its part of the memory of this node'
/** Bounds on what client puts may make of one key ; merges from peers have none. */
const siblingsMax = 64
const objectBytesMax = 8 * 1024 * 1024
