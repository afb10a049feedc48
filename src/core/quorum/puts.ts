/**
 * Coordinates puts (Dynamo §4.5, design §4): admission first, then the dot on all that this node
 * holds of the key, then the object to the N primaries at once with the own write in parallel.
 * A known operation id makes no new dot: what is held now is driven to W again.
 */
import { luck, mutant, sometimes } from '#mutants'
import { uint48Of } from '../binary.ts'
import { type ActorField, nextDot } from '../causality/actor.ts'
import { decodeContext, encodeContext } from '../causality/context.ts'
import { encodeObject } from '../causality/object.ts'
import {
  appliedOp,
  noSiblings,
  opBelowFullList,
  putVersion,
  type Seen,
  seenAfterPut,
  type Version,
} from '../causality/siblings.ts'
import type { Dot } from '../causality/version-vector.ts'
import { type Actor, after, type Instant, type Key, type Token, type WallTime } from '../ids.ts'
import type { PutRequest } from '../message.ts'
import type { Copy, Objects } from '../objects.ts'
import { type Code, nothingDone } from '../outcome.ts'
import type { Placement } from '../placement.ts'
import type { Requests } from '../requests.ts'
import type { Effect, Env } from '../step.ts'
import { answerPut, failed, type Origin } from './origin.ts'
import { PutCoordination, type Stored } from './put-coordination.ts'

/** A put as it left admission: nothing can refuse it any more. */
type Admitted = {
  readonly origin: Origin
  readonly request: PutRequest
  readonly token: Token
  readonly needed: number
  readonly seen: Seen
  readonly deadline: Instant
}

/** The object that is driven to the replicas. */
type Made = Copy & {
  /** Of this operation; undefined where it was applied before and superseded. */
  readonly version: Version | undefined
  /** Of the row that it is written to; undefined where the operation was applied before. */
  readonly field: ActorField | undefined
}

type Refusal = { readonly code: Code; readonly message: string; readonly definite?: false }

export class Puts {
  readonly #env: Env
  readonly #placement: Placement
  readonly #objects: Objects<Stored>
  readonly #requests: Requests
  /** Known-bad 37: the fields of rows, kept outside of them. */
  readonly #fields = new Map<Key, ActorField>()
  /** Known-bad 3: what this process counted. */
  #counted = 0
  #wall: WallTime = 0
  #full = false

  constructor(env: Env, placement: Placement, objects: Objects<Stored>, requests: Requests) {
    this.#env = env
    this.#placement = placement
    this.#objects = objects
    this.#requests = requests
  }

  /** The wall clock, for people and for the age of operation ids; the disk's watermark. */
  observe(wall: WallTime, full: boolean): void {
    this.#wall = wall
    this.#full = full
  }

  begin(origin: Origin, request: PutRequest, now: Instant, out: Effect[]): void {
    const admitted = this.#admit(origin, request, now)
    if ('code' in admitted) return void out.push(this.#refuse(origin, request, admitted))
    const made = this.#make(admitted)
    if ('code' in made) return void out.push(this.#refuse(origin, request, made))
    this.#drive(admitted, made, now, out)
  }

  #admit(origin: Origin, request: PutRequest, now: Instant): Admitted | Refusal {
    const { settings, primaries } = this.#numbers(request)
    const needed = request.w ?? settings.writeQuorum
    if (needed < 1 || needed > settings.replicas) {
      return { code: 'USAGE', message: `w must be 1 to ${settings.replicas}` }
    }
    if ((request.value?.length ?? 0) > settings.valueBytesMax) {
      return { code: 'TOO_LARGE', message: `a value has at most ${settings.valueBytesMax} bytes` }
    }
    if (uint48Of(request.op) > this.#wall + opAheadMsMax) {
      return { code: 'USAGE', message: 'the operation id is more than a day ahead of the cluster' }
    }
    const context = this.#contextOf(request)
    if (context === undefined) {
      return {
        code: 'BAD_CONTEXT',
        message: 'the context was not issued for this key; get it again',
      }
    }
    if (this.#full && request.value !== undefined) {
      return { code: 'STORE_FULL', message: 'the disk of this node is almost full' }
    }
    if (!this.#requests.room) {
      return { code: 'BUSY', message: 'this node coordinates as much as it can' }
    }
    const reachable = primaries.nodes.filter(node => this.#placement.reachable(node)).length
    if (reachable < settings.replicas) sometimes('a put with a primary away')
    if (reachable < needed) {
      sometimes('a put is refused for want of a quorum')
      const message = `${reachable} of the ${needed} replicas needed can be reached`
      return { code: 'QUORUM', message }
    }
    const deadline = after(now, request.timeLeft)
    return { origin, request, token: primaries.token, needed, seen: context, deadline }
  }

  /** The object with the new version in it, or what was made of the operation before. */
  #make({ request, token, seen }: Admitted): Made | Refusal {
    const base = this.#objects.base(token, request.key)
    const siblings = base?.siblings ?? noSiblings
    const applied = appliedOp(siblings, request.op)
    if (applied !== undefined && base !== undefined) {
      if (applied === 'superseded') sometimes('a retry meets its first try superseded')
      else sometimes('a retry meets its first try alive')
      const version = applied === 'superseded' ? undefined : applied
      return { ...base, version, field: undefined }
    }
    if (request.again && opBelowFullList(siblings, request.op)) {
      sometimes('a retry is below a full list')
      const message = 'too many later writes: whether the first try took effect is not known'
      return { code: 'RETRY_EXPIRED', message, definite: false }
    }
    const draw = () => this.#env.random(8) as Actor
    const own = mutant(37) ? this.#fields.get(request.key) : base?.field
    const { dot, field } = mutant(3)
      ? this.#dotFromMemory()
      : nextDot(own, this.#env.start, siblings, seen, draw)
    if (mutant(37)) this.#fields.set(request.key, field)
    const version = this.#version(request, dot)
    const made = putVersion(siblings, seen, version)
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
    const generation = Math.min(request.generation, base?.generation ?? request.generation)
    return { siblings: made, object, field, version, time: this.#wall, generation }
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
    const { self } = this.#placement
    const id = this.#requests.newId()
    const nodes = this.#placement.primaries(token)
    const asked = nodes.filter(node => this.#placement.reachable(node))
    if (mutant(35) && luck() < 0.5) asked.reverse()
    const context = this.#contextAfter(admitted, made)
    const put = new PutCoordination(origin, asked, {
      needed,
      deadline,
      dot: made.version?.dot,
      op: request.op,
      context,
      siblings: made.siblings.versions.length - 1,
      generation: made.generation,
    })
    this.#requests.add(id, put)
    const copy = {
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
    } as const
    for (const to of asked) if (to !== self) out.push({ type: 'send', to, message: copy })
    if (asked.includes(self)) this.#storeOwn(put, id, admitted, made, now, out)
    this.#requests.forgetIfOver(id, now)
  }

  #storeOwn(
    put: PutCoordination,
    id: number,
    { token, request }: Admitted,
    made: Made,
    now: Instant,
    out: Effect[],
  ): void {
    const then = { type: 'own', id } as const
    if (made.field !== undefined) {
      this.#objects.writeOwn(token, request.key, { ...made, field: made.field }, then)
    } else if (this.#objects.follow(token, request.key, then)) {
      sometimes('a retry waits for the commit of its first try')
    } else put.stored(this.#placement.self, now, out)
  }

  #numbers(request: PutRequest) {
    const token = this.#placement.tokenOf(request.key)
    const nodes = this.#placement.primaries(token)
    return { settings: this.#placement.settings, primaries: { token, nodes } }
  }

  #contextOf({ key, context }: PutRequest): Seen | undefined {
    if (context === undefined) return { vector: [], ops: [] }
    return decodeContext(this.#env.hash, this.#env.secrets.context, key, context)?.seen
  }

  #contextAfter({ request, seen }: Admitted, made: Made): Uint8Array {
    const { hash, secrets } = this.#env
    const after = made.version === undefined ? seen : seenAfterPut(seen, made.version)
    return encodeContext(hash, secrets.context, request.key, after, made.generation)
  }

  #refuse(origin: Origin, { op, w }: PutRequest, refusal: Refusal): Effect {
    const needed = w ?? this.#placement.settings.writeQuorum
    const outcome = { ...nothingDone(needed, op), definite: refusal.definite ?? true }
    const { code, message } = refusal
    return answerPut(origin, failed(origin, { code, message, outcome }))
  }
}

const noBytes = new Uint8Array(0)
/** An operation id further ahead of the coordinator's clock is refused (design §2). */
const opAheadMsMax = 24 * 60 * 60 * 1000
/** Bounds on what client puts may make of one key ; merges from peers have none. */
const siblingsMax = 64
const objectBytesMax = 8 * 1024 * 1024
