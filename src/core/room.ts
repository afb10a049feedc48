/**
 * What may still be written here. A disk that is full to the last byte ends a node, so long
 * before that writes are refused: first those that grow the store, then repair; what is left is
 * for deletes and for whatever else adds no bytes of values, which is how room is made. The host
 * looks at the disk now and then; what was handed to it since the last look counts as if it were
 * gone, so that no burst between two looks passes the reserve. Values of several pages need them
 * side by side, as free pages within the file seldom are: they count against the disk's own.
 */
import { mutant, sometimes } from '#mutants'
import { UsablePages } from './disk-space.ts'

/** What the host found when it looked. */
export type DiskSpace = {
  /** Bytes that the disk has. A value of several pages needs them, for they lie side by side. */
  readonly fresh: number
  /** Bytes of all pages that are free within the file, which never shrinks. */
  readonly inside: number
  /** Room below which nothing that grows is taken. */
  readonly reserve: number
}

/** grow: a put, a copy, a hint. repair: what another member has and this one lacks. shrink: the rest. */
export type Purpose = 'grow' | 'repair' | 'shrink'

/** What was written since the start, what of it is on the disk, what waits for it: `Pending`. */
type Written = {
  readonly cost: number
  readonly settledCost: number
  /** The part of either that needs pages side by side. */
  readonly long: number
  readonly settledLong: number
  /** Commits that are durable. */
  readonly settled: number
  readonly bytes: number
}

export class Room {
  readonly #written: Written
  /** Until the first look everything is taken: a node is not asked anything before. */
  #space: DiskSpace = { fresh: unbounded, inside: 0, reserve: 0 }
  #settled = 0
  #settledLong = 0
  readonly #pages = new UsablePages()
  /** Bytes within the file that are free, and usable only after one more commit. */
  #waiting = 0
  #full = false
  #refused = false

  constructor(written: Written) {
    this.#written = written
  }

  /** The host looked at the disk; what is not durable yet is not in what it saw. */
  observe(space: DiskSpace): void {
    const slack = this.#full ? 1 + slackPart : 1
    const { settledCost, settledLong, settled } = this.#written
    const look = { inside: space.inside, commits: settled, cost: settledCost }
    const usable = this.#pages.look(look)
    const inside = mutant(703) ? space.inside : usable
    this.#space = { ...space, inside }
    this.#waiting = space.inside - inside
    this.#settled = settledCost
    this.#settledLong = settledLong
    this.#full = this.#room < space.reserve * slack
    this.#refused = false
  }

  /** Was there too little room for a put when the host looked last? */
  get full(): boolean {
    return this.#full
  }

  /** Is it time to look again, before the usual? Asked when a commit is durable. */
  get wantsLook(): boolean {
    const { fresh, reserve } = this.#space
    const above = Math.min(fresh, this.#room - (this.#room < reserve ? floorMax : reserve))
    return this.#refused || this.due || this.#spent > above / 2 / sharers
  }

  /** Should a commit go even of nothing, so that what was let go of is room? */
  get due(): boolean {
    return (this.#full || this.#refused) && this.#waiting > waitingMax
  }

  /** Does so much wait for the disk that clients should not add to it? */
  get behind(): boolean {
    return this.#written.bytes > waitingBytesMax
  }

  /** May a row of so many bytes be written? */
  takes(purpose: Purpose, bytes: number): boolean {
    if (mutant(700)) return true
    const cost = costOf(bytes)
    const others = purpose === 'shrink' ? 0 : (sharers - 1) * this.#spentFresh
    const taken = this.#left - others - cost >= this.#floorOf(purpose) && this.#isFresh(cost)
    if (taken) return true
    sometimes(`no room: ${purpose}`)
    this.#refused ||= this.#spent > 0 || this.#waiting > waitingMax
    return false
  }

  get #spent(): number {
    return this.#written.cost - this.#settled
  }

  /** What of it took bytes of the disk, and not of the file. */
  get #spentFresh(): number {
    const long = this.#written.long - this.#settledLong
    return long + Math.max(0, this.#spent - long - this.#space.inside)
  }

  get #left(): number {
    return this.#room - this.#spent
  }

  get #room(): number {
    const { fresh, inside } = this.#space
    return mutant(702) ? fresh : fresh + inside
  }

  #floorOf(purpose: Purpose): number {
    const { reserve } = this.#space
    const least = Math.min(reserve / 2, floorMax)
    if (purpose === 'shrink') return least
    if (purpose === 'repair') return reserve / 2
    return this.#full ? reserve * (1 + slackPart) : reserve
  }

  /** Pages side by side: the disk's, or some of many that are free within the file. */
  #isFresh(cost: number): boolean {
    const { fresh, inside } = this.#space
    if (cost === pageBytes) return true
    const long = cost + this.#written.long - this.#settledLong
    return fresh >= long || inside - this.#spent >= long * insideFactor
  }
}

/**
 * What a row may cost the disk until the next look: the page of the tree that it is on is
 * written anew, and a value that does not fit there gets pages of its own.
 */
export function costOf(bytes: number): number {
  return bytes <= inPageMax ? pageBytes : pageBytes + Math.ceil(bytes / pageBytes + 1) * pageBytes
}

/** The part of a cost that needs pages side by side. */
export function longCostOf(cost: number): number {
  return cost > pageBytes ? cost : 0
}

const unbounded = Number.MAX_SAFE_INTEGER
const pageBytes = 4096
/** Longer rows get pages of their own. */
const inPageMax = 2000
/** Once full, so much more than the reserve is there before puts are taken again. */
const slackPart = 0.05
/** So many nodes may have one disk, and take as much as this one before it looks again. */
const sharers = 8
const waitingBytesMax = 128 * 1024 * 1024
/** So many bytes that a commit let go of are worth another one. */
const waitingMax = 64 * 1024
/** So many times as much, and some of it lies together. */
const insideFactor = 8
/** For what a node writes of its own accord, and for a commit of deletes, whatever the disk's size. */
const floorMax = 512 * 1024
