/**
 * The store of a node: LMDB behind core's `Store` port (design §1). Rows are keyed by binary
 * strings; one `commit` is one transaction that also counts itself (design §4, the durable
 * commit number). All rows of a commit are put in one turn of the loop, which lmdb-js makes one
 * transaction: it aborts as a whole, and costs the loop a sixth of a `childTransaction`.
 */
import { assert } from '../core/assert.ts'
import type { DiskSpace } from '../core/room.ts'
import type { Row, RowKey, Store, StoredRow } from '../core/step.ts'
import { afterAwake, type LoopClock } from './awake.ts'
import { type FreeSpaceOptions, measureSpace } from './free-space.ts'
import type { StoreIdentity } from './identity.ts'
import {
  commitsKey,
  type Environment,
  encodeCommits,
  keyBytes,
  ownRows,
  ownSpace,
  readFileSpace,
  readStats,
  rowKeyBytesMax,
  type Stats,
} from './lmdb-environment.ts'
import { isNoRoom } from './no-room.ts'
import { errorLine, StoreFailure } from './store-error.ts'

/** durable: visible, and on disk. refused: nothing was written. unknown: end the process. */
export type CommitResult = 'durable' | 'refused' | 'unknown'

export type OpenedStore = {
  readonly reads: Store
  readonly identity: StoreIdentity
  /** The durable commit number as this start found it, before it wrote anything. */
  readonly commitsAtStart: number
  /** The durable commit number now; never counts what is under way. */
  readonly commits: () => number
  /** One transaction; at most one may be under way. Rows belong to it until it resolves. */
  readonly commit: (rows: readonly Row[]) => Promise<CommitResult>
  /** Why a commit ended `unknown`; undefined where none did. */
  readonly failure: () => StoreFailure | undefined
  /** What the disk still takes. */
  readonly space: () => DiskSpace
  /** Rows of core in the store. */
  readonly count: () => number
  /** Waits for the commit under way, marks a clean stop, lets the directory go. */
  readonly close: () => Promise<void>
}

/** What `openStore` hands over once the directory is admitted and locked. */
export type Admitted = {
  readonly environment: Environment
  readonly directory: string
  readonly identity: StoreIdentity
  readonly commitsAtStart: number
  readonly commits: number
  readonly free: FreeSpaceOptions
  readonly commitDeadlineMs: number
  /** By which a commit is late; undefined: the system's. */
  readonly clock: LoopClock | undefined
  /** Ends the run: clean where every commit is known. */
  readonly end: (environment: Environment, commits: number, clean: boolean) => Promise<void>
}

type Wanted = {
  readonly from: RowKey
  readonly to: RowKey
  readonly limit: number
  readonly bytesMax: number | undefined
}

export class LmdbStore implements OpenedStore {
  readonly reads: Store = {
    get: key => this.#get(key),
    range: (from, to, limit, bytesMax) => this.#range({ from, to, limit, bytesMax }),
  }
  readonly identity: StoreIdentity
  readonly commitsAtStart: number
  readonly #admitted: Admitted
  readonly #environment: Environment
  #commits: number
  #underWay: Promise<CommitResult> | undefined
  #failure: StoreFailure | undefined
  #closed = false

  constructor(admitted: Admitted) {
    this.#admitted = admitted
    this.#environment = admitted.environment
    this.identity = admitted.identity
    this.commitsAtStart = admitted.commitsAtStart
    this.#commits = admitted.commits
  }

  commits = (): number => this.#commits

  failure = (): StoreFailure | undefined => this.#failure

  commit = (rows: readonly Row[]): Promise<CommitResult> => {
    assert(this.#underWay === undefined, 'one commit at a time')
    if (this.#failure !== undefined) return Promise.resolve('unknown')
    if (this.#closed || !rows.every(isGoodRow)) return Promise.resolve('refused')
    const written = this.#write(rows, this.#commits + 1)
    this.#underWay = this.#inTime(written).finally(() => {
      this.#underWay = undefined
    })
    return this.#underWay
  }

  space = (): DiskSpace => {
    const { directory, free: options } = this.#admitted
    const file = this.#reading(() => readFileSpace(this.#environment))
    return measureSpace(directory, file, options)
  }

  count = (): number => this.#stats().entryCount - ownRows

  close = async (): Promise<void> => {
    if (this.#closed) return
    this.#closed = true
    await this.#underWay
    await this.#admitted.end(this.#environment, this.#commits, this.#failure === undefined)
  }

  async #write(rows: readonly Row[], number: number): Promise<CommitResult> {
    try {
      await this.#putAll(rows, number)
    } catch (error) {
      return this.#fail(await causeOf(error))
    }
    // lmdb-js keeps one read snapshot for a turn of the loop; what is durable must be seen now.
    this.#environment.resetReadTxn()
    this.#commits = number
    return 'durable'
  }

  /** No await in here: all puts of one turn are one transaction. */
  #putAll(rows: readonly Row[], number: number): Promise<unknown> {
    for (const { key, value } of rows) {
      if (value === undefined) this.#environment.remove(keyBytes(key))
      else this.#environment.put(keyBytes(key), value)
    }
    return this.#environment.put(keyBytes(commitsKey), encodeCommits(number))
  }

  /** A disk that never answers ends the process too: nobody may wait for it for ever. */
  async #inTime(written: Promise<CommitResult>): Promise<CommitResult> {
    const { commitDeadlineMs: ms, clock } = this.#admitted
    let callOff = () => {}
    const late = new Promise<CommitResult>(resolve => {
      const give = () => resolve(this.#fail(`the disk did not answer within ${ms} ms`))
      callOff = afterAwake(ms, give, clock)
    })
    const result = await Promise.race([written, late])
    callOff()
    return this.#failure === undefined ? result : 'unknown'
  }

  #fail(cause: unknown): CommitResult {
    const noRoom = isNoRoom(cause, this.#admitted.directory)
    this.#failure ??= new StoreFailure(`a commit failed: ${errorLine(cause)}`, { cause }, noRoom)
    return 'unknown'
  }

  #get(key: RowKey): Uint8Array | undefined {
    if (!isRowKey(key)) return undefined
    return this.#reading(() => {
      const found = this.#environment.getBinaryFast(keyBytes(key))
      return found === undefined ? undefined : copyOf(found)
    })
  }

  #range({ from, to, limit, bytesMax }: Wanted): readonly StoredRow[] {
    assert(from.length <= rowKeyBytesMax && to.length <= rowKeyBytesMax, 'bounds are row keys')
    const rows: StoredRow[] = []
    let last = from
    let left = bytesMax ?? Number.POSITIVE_INFINITY
    while (rows.length < limit && left > 0) {
      const wanted = { from: last, to, limit: Math.min(limit - rows.length, chunkRows) }
      const { found, bytes } = this.#reading(() => {
        return this.#readChunk(rows, { ...wanted, bytesMax: left })
      })
      if (found < wanted.limit) break
      left -= bytes
      last = rows[rows.length - 1]?.key ?? to
    }
    return rows
  }

  /** The loop runs to its end or leaves by an error, so the iterator is closed either way. */
  #readChunk(rows: StoredRow[], { from, to, limit, bytesMax = 0 }: Wanted) {
    const exclusiveStart = from >= firstRow
    const start = Uint8Array.from(keyBytes(exclusiveStart ? from : firstRow))
    const end = Uint8Array.from(keyBytes(to < firstRow ? firstRow : to))
    const options = { start, end, exclusiveStart, limit }
    let [found, bytes] = [0, 0]
    // Key and value apart cost half of both together, which lmdb-js gives each a buffer of its own.
    for (const key of this.#environment.getKeys(options)) {
      const value = this.#environment.getBinaryFast(key)
      assert(value !== undefined, 'a turn of the loop sees one state of the store')
      rows.push({ key: (key as Buffer).toString('latin1') as RowKey, value: copyOf(value) })
      found++
      bytes += value.length
      if (bytes >= bytesMax) break
    }
    return { found, bytes }
  }

  #stats(): Stats {
    return this.#reading(() => readStats(this.#environment))
  }

  /** Whatever LMDB says against a read means that the store is not to be trusted. */
  #reading<Result>(read: () => Result): Result {
    try {
      return read()
    } catch (error) {
      this.#failure ??= new StoreFailure(`reading failed: ${errorLine(error)}`, { cause: error })
      throw this.#failure
    }
  }
}

/** The error that LMDB gave: lmdb-js rejects twice, and both rejections must be heard. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (cause) {
    return cause
  }
}

/**
 * A plain array of its own: lmdb-js reuses the buffer, whose length it overrides. Small ones lie
 * beside each other, for an array above 64 bytes otherwise costs a call of malloc and more to
 * collect.
 */
function copyOf(found: Uint8Array): Uint8Array {
  const { length } = found
  if (length > slabBytes / 2) return new Uint8Array(found.subarray(0, length))
  if (slabAt + length > slabBytes) {
    slab = new Uint8Array(slabBytes)
    slabAt = 0
  }
  const own = slab.subarray(slabAt, slabAt + length)
  own.set(found.subarray(0, length))
  slabAt += length
  return own
}

function isGoodRow({ key, value }: Row): boolean {
  if (value !== undefined && !(value instanceof Uint8Array && value.length <= rowBytesMax)) {
    return false
  }
  return isRowKey(key)
}

/** A binary string of a bearable length, outside the store's own key space. */
function isRowKey(key: string): boolean {
  if (typeof key !== 'string' || key.length < 1 || key.length > rowKeyBytesMax) return false
  let all = 0
  for (let at = 0; at < key.length; at++) all |= key.charCodeAt(at)
  return all <= 255 && key[0] !== ownSpace
}

const slabBytes = 8192
let slab = new Uint8Array(slabBytes)
let slabAt = 0
const firstRow = '\x01'
/** Read transactions stay short: a long one makes the file grow for good. */
const chunkRows = 1000
/** Far above any object; LMDB counts a value's bytes in 32 bits. */
const rowBytesMax = 2 ** 30
