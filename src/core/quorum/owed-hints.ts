/**
 * Hints that this node owes (design §4): of each put that was answered, the primaries that nobody
 * has said to hold it for. A late ack takes one out; who is silent to the put's deadline, refuses
 * or is lost gets a hint, made of what this node holds of the key by then. So a replica that is
 * alive and never acknowledges fills this list and not the table of requests. Some at a time: one
 * member that is lost may be owed thousands. Past its bound the oldest become hints early, and
 * none is forgotten. For a hint without room, and after a restart, which forgets them all,
 * comparing mends it.
 */
import { mutant, sometimes } from '#mutants'
import type { Instant, Key, NodeId, RequestId, Token } from '../ids.ts'
import type { CopyStored } from '../message.ts'
import type { Copy, Objects } from '../objects.ts'
import type { Placement } from '../placement.ts'
import { hasRoomForHint } from '../room-for.ts'
import type { Stored } from './put-coordination.ts'

/** Who may still say to hold a put for an owner: itself, or who stands in for it. */
export type Expected = { readonly node: NodeId; readonly owner: NodeId }

/** A put that was answered. */
export type AnsweredPut = {
  readonly id: RequestId
  readonly token: Token
  readonly key: Key
  readonly deadline: Instant
  /** Primaries that nobody has said to hold it for. */
  readonly unheld: readonly NodeId[]
  readonly expected: readonly Expected[]
}

type Parts = {
  readonly placement: Placement
  readonly objects: Objects<Stored>
  /** Puts that are remembered at once; other than the usual only in simulations. */
  readonly putsMax: number | undefined
}

type Subject = { readonly token: Token; readonly key: Key }
type Owed = Subject & {
  owners: readonly NodeId[]
  expected: readonly Expected[]
  /** Nobody is waited for any more. */
  isLate: boolean
}

export class OwedHints {
  readonly #parts: Parts
  readonly #putsMax: number
  readonly #owed = new Map<RequestId, Owed>()
  /** By when their deadline passes; the numbers of those that were settled before stay to then. */
  readonly #ending = new Map<number, RequestId[]>()
  /** Those with an owner that gets its hint as soon as may be. */
  readonly #due = new Set<RequestId>()
  #bytes = 0

  constructor(parts: Parts) {
    this.#parts = parts
    this.#putsMax = parts.putsMax ?? usualPutsMax
  }

  /** Puts of which something is owed. */
  get size(): number {
    return this.#owed.size
  }

  /** A put was answered, and leaves the table of requests. */
  add({ id, token, key, deadline, unheld, expected }: AnsweredPut): void {
    const owners = unheld.filter(owner => owner !== this.#parts.placement.self)
    if (owners.length === 0) return
    const some = expected.filter(({ owner }) => owners.includes(owner))
    const owed = { token, key, owners, expected: some, isLate: false }
    this.#owed.set(id, owed)
    this.#bytes += bytesOf(owed)
    const span = Math.floor(deadline / spanMs)
    const ending = this.#ending.get(span)
    if (ending === undefined) this.#ending.set(span, [id])
    else ending.push(id)
    if (ripe(owed).length > 0) this.#due.add(id)
    while (this.#owed.size > this.#putsMax || this.#bytes > bytesMax) this.#hurryOldest()
  }

  /**
   * The same of a node that only stands in: what it holds may have gone home by the deadline, so
   * the hints are written at once, of what it made: what is left here may be an older hint alone.
   * Only if that is below the floor by now are they of what is held.
   */
  keepNow({ token, key, unheld }: AnsweredPut, made: Copy): void {
    const { placement, objects } = this.#parts
    const owners = unheld.filter(owner => owner !== placement.self)
    const isMade = objects.generations.takes(token, made.generation)
    const held = () => objects.baseOf(token, key, undefined).all
    if (owners.length > 0) this.#keep({ token, key }, owners, isMade ? made : (held() ?? made))
  }

  /** An answer to a copy of a put that was answered before; false if it is of no such put. */
  answered(from: NodeId, { id, refused }: CopyStored): boolean {
    const owed = this.#owed.get(id)
    if (owed === undefined) return false
    if (refused === undefined) this.#stored(id, owed, from)
    else this.#lost(id, owed, from)
    return true
  }

  /** What this node wrote for it itself is durable. */
  stored(id: RequestId): void {
    const owed = this.#owed.get(id)
    if (owed !== undefined) this.#stored(id, owed, this.#parts.placement.self)
  }

  /** This node will answer nothing of what it was asked. */
  lost(node: NodeId): void {
    for (const [id, owed] of this.#owed) this.#lost(id, owed, node)
  }

  tick(now: Instant): void {
    for (const [span, ids] of this.#ending) {
      if (now < (span + 1) * spanMs) continue
      this.#ending.delete(span)
      for (const id of ids) this.#end(id)
    }
    let [rows, bytes] = [0, 0]
    for (const id of this.#due) {
      if (rows >= rowsAtOnce || bytes >= bytesAtOnce) return
      const owed = this.#owed.get(id)
      if (owed === undefined) continue
      rows += ripe(owed).length
      bytes += this.#keepRipe(id, owed)
    }
  }

  #stored(id: RequestId, owed: Owed, by: NodeId): void {
    const owner = owed.expected.find(({ node }) => node === by)?.owner
    if (owner === undefined) return
    sometimes('an ack comes after the answer')
    this.#settle(id, owed, [owner])
  }

  #lost(id: RequestId, owed: Owed, node: NodeId): void {
    const left = owed.expected.filter(one => one.node !== node)
    if (left.length === owed.expected.length) return
    owed.expected = left
    if (ripe(owed).length > 0) this.#due.add(id)
  }

  #end(id: RequestId): void {
    const owed = this.#owed.get(id)
    if (owed === undefined) return
    owed.isLate = true
    this.#due.add(id)
  }

  /** Makes room: the hints of the oldest put are written at once. */
  #hurryOldest(): void {
    const id = this.#oldest()
    const owed = id === undefined ? undefined : this.#owed.get(id)
    if (id === undefined || owed === undefined) return
    sometimes('an owed hint is written early')
    owed.isLate = true
    if (mutant(673)) this.#settle(id, owed, owed.owners)
    else this.#keepRipe(id, owed)
  }

  #oldest(): RequestId | undefined {
    const [due] = this.#due
    if (due !== undefined) return due
    while (this.#ending.size > 0) {
      const first = Math.min(...this.#ending.keys())
      const ids = this.#ending.get(first)
      for (let id = ids?.pop(); id !== undefined; id = ids?.pop()) if (this.#owed.has(id)) return id
      this.#ending.delete(first)
    }
    return undefined
  }

  /** Returns how many bytes were looked at for it. */
  #keepRipe(id: RequestId, owed: Owed): number {
    const owners = ripe(owed)
    this.#due.delete(id)
    const all = this.#parts.objects.baseOf(owed.token, owed.key, undefined).all
    const bytes = mutant(672) || all === undefined ? 0 : this.#keep(owed, owners, all)
    this.#settle(id, owed, owners)
    return bytes
  }

  /** Kept for each: it has what was acknowledged, or more. Who lost the key meanwhile gets none. */
  #keep({ token, key }: Subject, owners: readonly NodeId[], copy: Copy): number {
    const { placement, objects } = this.#parts
    const { object, siblings } = copy
    const primaries = placement.primaries(token)
    for (const owner of owners) {
      if (!primaries.includes(owner)) continue
      // Without room for what grows: who acknowledged has it, and comparing finds who lacks it.
      if (!hasRoomForHint(objects, owner, { token, key, object }, siblings)) {
        objects.hints.refuse()
        continue
      }
      sometimes('a missing ack becomes a hint')
      objects.keep(owner, token, key, copy, undefined)
    }
    return object.length * owners.length
  }

  /** Nothing is owed to these any more. */
  #settle(id: RequestId, owed: Owed, owners: readonly NodeId[]): void {
    owed.owners = owed.owners.filter(owner => !owners.includes(owner))
    owed.expected = owed.expected.filter(({ owner }) => !owners.includes(owner))
    if (owed.owners.length > 0) return
    this.#owed.delete(id)
    this.#due.delete(id)
    this.#bytes -= bytesOf(owed)
  }
}

/** Owners that nobody is waited for. */
function ripe({ owners, expected, isLate }: Owed): readonly NodeId[] {
  if (isLate || expected.length === 0) return owners
  return owners.filter(owner => !expected.some(one => one.owner === owner))
}

function bytesOf({ key }: Owed): number {
  return asideBytes + key.length
}

/** Deadlines are this near to each other in one bucket. */
const spanMs = 100
/** Hints that are written in one tick, and the bytes of what they are made of. */
const rowsAtOnce = 256
const bytesAtOnce = 1024 * 1024
const usualPutsMax = 65_536
/** Of what is remembered; of one put, beside its key. */
const bytesMax = 32 * 1024 * 1024
const asideBytes = 256
