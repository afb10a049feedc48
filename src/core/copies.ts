/** The replica's side of a request: keeps copies, reads them, lists keys, for a coordinator elsewhere. */
import { mutant, sometimes } from '#mutants'
import { decodeObject } from './causality/object.ts'
import type { Key, NodeId, Token } from './ids.ts'
import type { Listing } from './listing.ts'
import type { ListKeys } from './listing-message.ts'
import type { HandedCopy, Handoff, ReadCopy, StoreCopy } from './message.ts'
import { damaged } from './object-rows.ts'
import type { Copy, Objects, Taken } from './objects.ts'
import { type Code, type Failure, nothingDone } from './outcome.ts'
import type { Placement } from './placement.ts'
import type { HandedThen, Stored } from './quorum/put-coordination.ts'
import { hasRoomFor, hasRoomForHint } from './room-for.ts'
import type { Effect, Env } from './step.ts'

/** full: of hints. no room: the disk is. */
type Kept = Taken | 'full' | 'no room'

export class Copies {
  readonly #env: Env
  readonly #placement: Placement
  readonly #objects: Objects<Stored>
  readonly #listing: Listing

  constructor(env: Env, placement: Placement, objects: Objects<Stored>, listing: Listing) {
    this.#env = env
    this.#placement = placement
    this.#objects = objects
    this.#listing = listing
  }

  /** Merges the copy, or keeps it as a hint; acknowledged once all of it is durable here. */
  store(from: NodeId, copy: StoreCopy, out: Effect[]): void {
    const refusal = this.#refusalOf(copy) ?? this.#placeless(copy)
    const siblings = refusal === undefined ? decodeObject(this.#env.hash, copy.object) : undefined
    if (siblings === undefined) {
      const refused = refusal ?? failure('PROTOCOL', 'the object cannot be read')
      return void out.push(this.stored(from, copy.id, refused))
    }
    const then = { type: 'copy', to: from, id: copy.id } as const
    const { object, time, generation } = copy
    const incoming = { object, siblings, time, generation }
    const kept = this.#keep(copy, incoming, then)
    if (kept === 'full') sometimes('a fallback is full of hints')
    if (kept === 'waits' && !mutant(1)) return
    out.push(this.stored(from, copy.id, this.#refused(kept, copy)))
  }

  #keep({ owner, token, key }: StoreCopy, copy: Copy, then: Stored): Kept {
    const incoming = { token, key, object: copy.object }
    if (owner === undefined || owner === this.#placement.self) {
      if (!hasRoomFor(this.#objects, 'grow', incoming, copy.siblings)) return 'no room'
      return this.#objects.merge(token, key, copy, then)
    }
    if (!hasRoomForHint(this.#objects, owner, incoming, copy.siblings)) return 'no room'
    return this.#objects.keep(owner, token, key, copy, then)
  }

  /** Why a copy was not taken; undefined: it was. */
  #refused(kept: Kept, { token, generation }: StoreCopy): Failure | undefined {
    if (kept === 'full') return failure('STORE_FULL', 'no room for hints')
    if (kept === 'no room') return this.#tooOld({ token, generation }) ?? noRoom()
    return kept === 'refused' ? this.#tooOld({ token, generation }) : undefined
  }

  /** Hints of ours come back: each is merged into its row; one ack once all are durable. */
  takeOver(from: NodeId, message: Handoff, foreground: number, out: Effect[]): void {
    const { id, copies } = message
    const fresh = { type: 'handed', to: from, id, foreground, waits: 0, left: [] } as const
    const then: HandedThen = { ...fresh, left: [], refused: this.#refusalOf(message) }
    if (then.refused === undefined) {
      for (const [i, copy] of copies.entries()) {
        const refused = this.#take(copy, then)
        if (refused === undefined) continue
        then.left.push(i)
        then.refused ??= refused
      }
    }
    if (then.waits === 0) out.push(this.handed(then))
  }

  /** One copy of a handoff; returns why it is not taken. */
  #take({ token, key, object, time, generation }: HandedCopy, then: HandedThen) {
    if (!this.#placement.owns(token)) return failure('STALE_VIEW', 'not a key of this node')
    const siblings = decodeObject(this.#env.hash, object)
    if (siblings === undefined) return failure('PROTOCOL', 'an object cannot be read')
    const copy = { object, siblings, time, generation }
    const hasRoom = hasRoomFor(this.#objects, 'grow', { token, key, object }, siblings)
    if (!hasRoom) return this.#tooOld({ token, generation }) ?? noRoom()
    const taken = this.#objects.merge(token, key, copy, then)
    if (taken === 'waits') then.waits += 1
    return taken === 'refused' ? this.#tooOld({ token, generation }) : undefined
  }

  /** A row that was written for another node is durable: it is told, or waits for the rest. */
  durable(then: Exclude<Stored, { type: 'own' | 'rounded' }>, out: Effect[]): void {
    if (then.type === 'copy') return void out.push(this.stored(then.to, then.id, undefined))
    then.waits -= 1
    if (then.waits === 0) out.push(this.handed(then))
  }

  /** The answer to a handoff. */
  handed({ to, id, foreground, refused, left }: HandedThen): Effect {
    const whole = this.#objects.wholeness.everywhere
    const message = { type: 'handed', id, whole, foreground, refused, left } as const
    return { type: 'send', to, message }
  }

  /** The answer to a copy. */
  stored(to: NodeId, id: number, refused: Failure | undefined): Effect {
    const whole = this.#objects.wholeness.everywhere
    const message = { type: 'stored', id, whole, refused } as const
    return { type: 'send', to, message }
  }

  read(from: NodeId, { id, epoch, key, token, full }: ReadCopy, out: Effect[]): void {
    const held = this.#held(token, key, full)
    const isOpen = this.#objects.generations.knows(token)
    const refused =
      this.#refusalOf({ epoch }) ??
      (isOpen ? undefined : failure('BUSY', notHeardYet)) ??
      (held === damaged ? damagedFailure() : undefined)
    const record = typeof held === 'object' && refused === undefined ? held : undefined
    const digest = typeof held === 'string' && refused === undefined ? held : (record?.digest ?? '')
    const object = full ? record?.object : undefined
    const whole = this.#objects.wholeness.isWhole(token)
    const generation = record?.generation ?? this.#objects.generations.toldOf(token)
    const message = { type: 'held', id, whole, generation, digest, object, refused } as const
    out.push({ type: 'send', to: from, message })
  }

  /** Of its row where this node owns the key; who stands in answers of the hints that it keeps. */
  #held(token: Token, key: Key, full: boolean) {
    if (!this.#placement.owns(token)) return this.#objects.hints.durable(token, key)
    return full ? this.#objects.durable(token, key) : this.#objects.durableDigest(token, key)
  }

  list(from: NodeId, request: ListKeys, out: Effect[]): void {
    const { id } = request
    const refused = this.#refusalOf(request)
    const message =
      refused === undefined
        ? this.#listing.list(request)
        : ({ type: 'listed', id, rows: [], upTo: undefined, counts: nothing, refused } as const)
    out.push({ type: 'send', to: from, message })
  }

  /** A copy is for one of the key's primaries, and kept by one or by who stands in for it. */
  #placeless({ token, owner }: StoreCopy): Failure | undefined {
    const primaries = this.#placement.primaries(token)
    const { self } = this.#placement
    if (owner === undefined) {
      return primaries.includes(self) ? undefined : failure('STALE_VIEW', 'not a key of this node')
    }
    if (!primaries.includes(owner)) return failure('STALE_VIEW', 'not a key of that owner')
    const stands = primaries.includes(self) || this.#placement.fallbacks(token).includes(self)
    return stands ? undefined : failure('STALE_VIEW', 'this node stands in for nobody here')
  }

  /** It may be older than a delete that was reaped since: whoever sent it may read it again. */
  #tooOld({ token, generation }: Pick<StoreCopy, 'token' | 'generation'>): Failure | undefined {
    const { generations } = this.#objects
    if (generations.takes(token, generation)) return undefined
    const floor = generations.floorOf(token)
    if (!generations.knows(token)) return failure('BUSY', notHeardYet)
    sometimes('a copy is below the floor')
    return { ...failure('BELOW_FLOOR', 'older than what was reaped since'), floor }
  }

  #refusalOf({ epoch }: Pick<StoreCopy, 'epoch'>): Failure | undefined {
    if (epoch === this.#placement.epoch) return undefined
    return failure('STALE_VIEW', 'this node knows other members')
  }
}

const nothing = new Uint8Array(0)
const notHeardYet = 'this node has just begun and has not heard from another owner of the key'

function noRoom(): Failure {
  sometimes('a copy finds no room on the disk')
  return failure('STORE_FULL', 'the disk of this node is almost full')
}

function damagedFailure(): Failure {
  sometimes('a damaged row is read')
  return failure('INTERNAL', 'the record of this replica is damaged')
}

function failure(code: Code, message: string): Failure {
  return { code, message, outcome: nothingDone(0) }
}
