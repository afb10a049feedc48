/** Messages of a listing: a page of keys for a client, and what each owner lists for it. */
import type { Key, Partition, RequestId, Token } from './ids.ts'
import type { Envelope } from './message.ts'
import type { Failure } from './outcome.ts'

/** The keys you hold in token order, of the partitions you own, behind a place. */
export type ListKeys = Envelope & {
  readonly type: 'list'
  /** Binary string: token ‖ key, or a prefix of one; '' is the beginning. Exclusive. */
  readonly after: string
  /** The last partition that is asked for. */
  readonly last: Partition
  readonly prefix: string
  /** Live keys that are wanted at most: how many rows are looked at has a bound of its own. */
  readonly limit: number
}

export type KeysListed = {
  readonly type: 'listed'
  readonly id: RequestId
  readonly rows: readonly ListedKey[]
  /** Everything up to this token ‖ key (inclusive) is listed; undefined: all that was asked. */
  readonly upTo: string | undefined
  /**
   * A bit for each partition, from the one of `after` to the last: is this replica
   * whole there, and does it know how far the others are? Else its keys are told, and it does
   * not count.
   */
  readonly counts: Uint8Array
  readonly refused: Failure | undefined
}

export type ListedKey = {
  readonly token: Token
  readonly key: Key
  /** False: nothing but tombstones is held. */
  readonly live: boolean
  /**
   * What it takes to merge it with what others hold, without values: of a live one its live
   * versions, of a dead one all that is known. undefined: the row is damaged.
   */
  readonly object: Uint8Array | undefined
}

/** A page of keys in token order. */
export type ScanRequest = Envelope & {
  readonly type: 'scan'
  readonly prefix: string
  /** '' or the cursor of the page before: token ‖ key. */
  readonly after: string
  readonly limit: number
  /** Short of a quorum go on with what can be seen, and say what is missing. */
  readonly partial: boolean
}

export type ScanReply = {
  readonly type: 'page'
  readonly id: RequestId
  readonly keys: readonly Key[]
  /** Where the next page begins; undefined: there is none. */
  readonly cursor: string | undefined
  /** Only of a partial page. */
  readonly missing: ScanMissing | undefined
}

/** What a page has not been held against a quorum. */
export type ScanMissing = {
  /** Partitions of the page with fewer whole replicas than the cluster's R. */
  readonly partitions: number
  /** The first of them and the last: the next page may begin in the last one, and names it again. */
  readonly first: number
  readonly last: number
  /** Which replicas are missing, and why: one line. */
  readonly why: string
}
