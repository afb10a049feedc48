/**
 * What a put makes of what is held of its key: a new version under a new dot, or what is held
 * already where the operation is known. All of it happens in one step of the coordinator.
 */
import { mutant, sometimes } from '#mutants'
import { Carrier, usualFrameBytes } from '../carrier.ts'
import { type ActorField, nextDot } from '../causality/actor.ts'
import { encodeObject } from '../causality/object.ts'
import { arePinsFull, isPinned } from '../causality/pins.ts'
import { prune, vectorEntriesMax } from '../causality/prune.ts'
import { joinRecords } from '../causality/record.ts'
import {
  appliedOp,
  knowsOp,
  mergeIds,
  mergeSiblings,
  noSiblings,
  pinned,
  putVersion,
  type Seen,
  type Siblings,
  seenOf,
  type Version,
} from '../causality/siblings.ts'
import { counterMax, type Dot } from '../causality/version-vector.ts'
import type { Actor, Generation, Key, NodeId, Token, WallTime } from '../ids.ts'
import type { PutRequest } from '../message.ts'
import type { Base, Copy, Objects } from '../objects.ts'
import { addsNothing } from '../room-for.ts'
import type { Env } from '../step.ts'
import type { Stored } from './put-coordination.ts'
import { belowFloor, forgotten, type PutRefusal, untimely, withoutRoom } from './put-refusal.ts'
import type { Told } from './second-send.ts'

/** What a context shows, and how far reaping was when it was given out. */
export type Shown = Seen & { readonly generation: Generation }

/** A put with all that it is made of. */
export type Wish = {
  readonly request: PutRequest
  readonly token: Token
  readonly seen: Shown
  /** Whose hint this node writes to; undefined: it owns the key. */
  readonly standsInFor: NodeId | undefined
  /** What is held here, if it was looked at in this step. */
  readonly base?: Base | undefined
}

/** The object that is driven to the replicas, and the row that it was made from. */
export type Made = Copy &
  Pick<Base, 'row'> & {
    /** Of this operation; undefined if it was applied before and superseded. */
    readonly version: Version | undefined
    /** Of the row that it is written to. */
    readonly field: ActorField | undefined
    /** Does the row hold all of it already? */
    readonly held: boolean
    /** A second send made the version, and too few owners could say that there is no other. */
    readonly unasked: boolean
  }

/** Since the start. */
export type SecondSendCounts = {
  /** Second sends that made a dot, and those of them that could ask too few owners. */
  dots: number
  unasked: number
  /** Ids that were pinned here. */
  pinned: number
  /** Puts that ended in doubt and were not pinned, since the disk is full. */
  unpinned: number
  /**
   * Second sends of which it is not known whether the first took effect, and why: below a full list
   * of ids, below the floor, too few owners to ask (strict), pins full; the rest are few.
   */
  unknown: number
  belowList: number
  belowFloor: number
  tooFew: number
  full: number
}

export class Making {
  readonly counts: SecondSendCounts = {
    ...{ dots: 0, unasked: 0, pinned: 0, unpinned: 0, unknown: 0 },
    ...{ belowList: 0, belowFloor: 0, tooFew: 0, full: 0 },
  }
  readonly #env: Env
  readonly #self: NodeId
  readonly #objects: Objects<Stored>
  readonly #entriesMax: number
  /** A bound on what client puts may make of one key; merges from peers have none. */
  readonly #objectBytesMax: number
  /** Known-bad 37: the fields of rows, kept outside of them. */
  readonly #fields = new Map<Key, ActorField>()
  /** Known-bad 3: what this process counted. */
  #counted = 0
  #pruned = 0

  constructor(env: Env, self: NodeId, objects: Objects<Stored>) {
    this.#env = env
    this.#self = self
    this.#objects = objects
    this.#entriesMax = env.vectorEntriesMax ?? vectorEntriesMax
    this.#objectBytesMax = new Carrier(env.frameBytes ?? usualFrameBytes).madeBytesMax
  }

  /** Vector entries dropped past the limit, since the start. */
  get pruned(): number {
    return this.#pruned
  }

  /** What the put builds on here. */
  baseOf({ request, token, standsInFor }: Wish): Base {
    return this.#objects.baseOf(token, request.key, standsInFor)
  }

  /** The object with the new version in it, or what was made of the operation before. */
  make(wish: Wish, told: Told, wall: WallTime): Made | PutRefusal {
    const { request } = wish
    const base = wish.base ?? this.baseOf(wish)
    const isKnown = ({ siblings }: Pick<Copy, 'siblings'>) =>
      appliedOp(siblings, request.op) !== undefined
    const shown = mutant(629) ? [] : told.shown
    const held = base.all === undefined ? shown : [base.all, ...shown]
    if (held.some(isKnown) && !mutant(11)) return this.#again(wish, base, shown)
    const doubt = this.#doubt(wish, base, { shown, enough: told.enough }, wall)
    return doubt ?? this.#new(wish, base, wall, request.again && !told.enough)
  }

  /**
   * The operation is known, here or to an owner that was asked: no dot is made. What both hold
   * together is pinned, and driven to W at the lowest stamp.
   */
  #again(
    { request, token }: Wish,
    { own, all, row }: Base,
    shown: readonly Copy[],
  ): Made | PutRefusal {
    const { op, again } = request
    let record = all
    for (const copy of shown) {
      const left = this.#objects.unreaped(token, copy)
      if (record === undefined) record = { ...left, field: undefined }
      else {
        const siblings = mergeSiblings(record.siblings, left.siblings)
        if (siblings !== record.siblings) record = joinRecords(record, left, siblings)
      }
    }
    if (record === undefined || record.siblings.versions.length === 0) return this.#unknown()
    const floor = this.#objects.generations.floorOf(token)
    // An old hint has it, which no owner would take.
    if (record.generation < floor) return this.#belowFloor(request, floor)
    const applied = appliedOp(record.siblings, op)
    if (applied === 'superseded') sometimes('a retry meets its first try superseded')
    else sometimes('a retry meets its first try alive')
    const version = applied === 'superseded' ? undefined : applied
    const siblings = again && !mutant(622) ? this.#pin(record.siblings, op) : record.siblings
    const object = siblings === record.siblings ? record.object : encodeObject(siblings)
    const held = own === record && siblings === record.siblings
    // What owners showed, or hints here have, may bring values to the row, even of a delete.
    const purpose = addsNothing(own?.siblings, siblings) ? 'shrink' : 'repair'
    const full = held ? undefined : withoutRoom(this.#objects.room, purpose, object.length)
    return full ?? { ...record, siblings, object, version, row, unasked: false, held }
  }

  /** Why a put, of which nothing is known here, makes no dot all the same. */
  #doubt(
    { request, seen }: Wish,
    { all }: Base,
    { shown, enough }: Told,
    wall: WallTime,
  ): PutRefusal | undefined {
    const { op, again, strict } = request
    if (knowsOp(seen, op) && !mutant(629)) {
      sometimes('a context knows the operation that it is sent with')
      return this.#unknown()
    }
    if (!again) return untimely(request, noSiblings, wall)
    const others = mutant(629) ? [] : [seen, ...shown.map(({ siblings }) => siblings)]
    const ids = others.reduce(mergeIds, mergeIds(noSiblings, all?.siblings ?? noSiblings))
    const refused = untimely(request, ids, wall)
    if (refused !== undefined) {
      if (refused.definite === false) this.#count('belowList')
      return refused
    }
    if (arePinsFull(ids.pins)) {
      sometimes('a second send finds the pins full')
      this.#count('full')
      return forgotten
    }
    if (enough || !strict || mutant(632)) return undefined
    const message = 'too few owners can say whether the first try took effect'
    this.#count('tooFew')
    return { code: 'QUORUM', message, definite: false }
  }

  #new(
    wish: Wish,
    { own, all: base, row }: Base,
    wall: WallTime,
    unasked: boolean,
  ): Made | PutRefusal {
    const { request, token } = wish
    const siblings = base?.siblings ?? noSiblings
    // Known-bad 630: a second send has seen what is held when it comes.
    const seen = mutant(630) && request.again ? { ...wish.seen, ...seenOf(siblings) } : wish.seen
    const { generations } = this.#objects
    const stamp = Math.min(generations.stampOf(token), base?.generation ?? counterMax)
    // A context tells, too, how far its client was: whoever repeats an earlier call says nothing else.
    const heard = Math.max(request.generation, seen.generation)
    const late = mutant(38) || (mutant(628) && request.again)
    const generation = late ? stamp : Math.min(stamp, heard)
    const floor = generations.floorOf(token)
    if (generation < floor) return this.#belowFloor(request, floor)
    const draw = () => this.#env.random(8) as Actor
    const before = mutant(37) ? this.#fields.get(request.key) : base?.field
    const { dot, field } = mutant(3)
      ? this.#dotFromMemory()
      : nextDot(before, this.#env.start, siblings, seen, draw)
    if (mutant(37)) this.#fields.set(request.key, field)
    const version = this.#version(request, dot, wall)
    const plain = putVersion(siblings, seen, version)
    const put = request.again ? pinned(plain, request.op) : plain
    const pruned = prune(put, siblings, field, version, this.#entriesMax)
    if (pruned.dropped > 0) sometimes('a vector is pruned')
    this.#pruned += pruned.dropped
    const made = pruned.siblings
    if (made.versions.length > siblingsMax && made.versions.length > siblings.versions.length) {
      const message = `the key has ${siblingsMax} siblings; resolve them first`
      return { code: 'SIBLING_LIMIT', message }
    }
    if (made.versions.length >= 4) sometimes('a key with four siblings or more')
    const object = encodeObject(made)
    // With what it does not replace: a delete beside large siblings writes them once more.
    const grows = request.value !== undefined && !addsNothing(own?.siblings, made)
    const full = withoutRoom(this.#objects.room, grows ? 'grow' : 'shrink', object.length)
    if (full !== undefined) return full
    if (object.length > this.#objectBytesMax * (mutant(716) ? 3 / 4 : 1)) {
      return {
        code: 'SIBLING_LIMIT',
        message: 'the siblings are too large together; resolve first',
      }
    }
    if (request.again) {
      sometimes('a second send makes a dot')
      this.counts.dots++
      this.counts.pinned++
      this.counts.unasked += unasked ? 1 : 0
    }
    const copy = { siblings: made, object, time: wall, generation }
    return { ...copy, field: pruned.field, version, row, held: false, unasked }
  }

  #pin(siblings: Siblings, op: Version['op']): Siblings {
    const made = pinned(siblings, op)
    if (made !== siblings) this.counts.pinned++
    else if (!isPinned(siblings.pins, op)) sometimes('an id is not pinned since the pins are full')
    return made
  }

  #unknown(): PutRefusal {
    this.counts.unknown++
    return forgotten
  }

  #count(why: 'belowList' | 'belowFloor' | 'tooFew' | 'full'): void {
    this.counts.unknown++
    this.counts[why]++
  }

  #belowFloor(request: PutRequest, floor: Generation): PutRefusal {
    if (request.again) this.#count('belowFloor')
    return belowFloor(request, floor)
  }

  /** Known-bad 3: the node itself is the actor, and counts in memory. */
  #dotFromMemory(): { readonly dot: Dot; readonly field: ActorField } {
    const actor = this.#self.padEnd(8, '-') as Actor
    const dot = { actor, counter: ++this.#counted }
    return { dot, field: { actor, start: this.#env.start } }
  }

  #version(request: PutRequest, dot: Dot, wall: WallTime): Version {
    const value = request.value ?? noBytes
    return {
      dot,
      op: request.op,
      tombstone: request.value === undefined,
      checksum: this.#env.hash.crc32(value),
      at: wall,
      via: this.#self,
      value,
    }
  }
}

/** Is the operation known of what is held, so that nobody has to be asked for it? */
export function isKnownIn({ all }: Base, op: Version['op']): boolean {
  return all !== undefined && appliedOp(all.siblings, op) !== undefined
}

const noBytes = new Uint8Array(0)
/** Another such bound. */
const siblingsMax = 64
