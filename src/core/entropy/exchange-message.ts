/**
 * What two members say to each other to find out where they differ (design §6.3): compact, for
 * it is said all the time. Epochs and clocks travel as their low 32 bits.
 */

import type { TooLarge } from '../carrier.ts'
import type { RequestId } from '../ids.ts'
import type { HandedCopy } from '../message.ts'

/** What every question carries: its number, the sender's view, as of when it asks. */
type Asked = {
  /** Below 65,536: nobody else's request has such a number for long. */
  readonly id: RequestId
  /** `shortEpoch`. */
  readonly epoch: number
  /** The stamp of the cut, in milliseconds modulo 2^32; it also salts what is compared. */
  readonly cut: number
  /** How long ago the cut is, in milliseconds. */
  readonly age: number
}

/** What are your sums below these nodes? */
export type Compare = Asked & {
  readonly type: 'compare'
  /** 0: all that we share; then this is the asker's sum, and nothing is said where it is yours. */
  readonly level: number
  readonly sum: string
  /** Sorted prefixes (`node-list.ts`). */
  readonly nodes: Uint8Array
}

/** What are the leaves below these nodes, as sketches? `compared` answers. */
export type AskSketch = Asked & {
  readonly type: 'sketch'
  /** Of the nodes. */
  readonly level: number
  readonly nodes: Uint8Array
  /** The level of the leaves. */
  readonly leaves: number
  /** Of each sketch. */
  readonly cells: number
}

/**
 * not-whole: as ok, by a store that may lack something. refilling: it may, and asks itself.
 */
export const exchangeStates = ['ok', 'stale-view', 'not-ready', 'not-whole', 'refilling'] as const
export type ExchangeState = (typeof exchangeStates)[number]

/** What every answer carries. */
type Told = {
  readonly id: RequestId
  readonly state: ExchangeState
  /** What others asked of this node in the last second. */
  readonly foreground: number
}

export type Compared = Told & {
  readonly type: 'compared'
  /** The answering node's clock, modulo 2^32; told with the roots. */
  readonly wall: number | undefined
  /** One entry for each node that was asked for (`comparison.ts`), or its sketch. */
  readonly entries: Uint8Array
}

/** I hold these, and lack what you listed as these: what do we do? */
export type Differ = Asked & {
  readonly type: 'differ'
  readonly level: number
  readonly held: readonly HeldKey[]
  /** Nodes, and of each the short digests of what is wanted (`node-list.ts`). */
  readonly wanted: Uint8Array
}
/** `known`: versions without their values (`known.ts`). */
export type HeldKey = { readonly key: HandedCopy['key']; readonly known: Uint8Array }

export type Differing = Told & {
  readonly type: 'differing'
  readonly copies: readonly HandedCopy[]
  /** Which of the held keys are news to the answering node: by their position. */
  readonly wants: readonly number[]
  /** How many of the held keys and of the nodes this answers; more did not fit. */
  readonly heldDone: number
  readonly nodesDone: number
  /** Of what this answers, keys that cannot be sent. */
  readonly tooLarge: readonly TooLarge[]
}

/** Send me all that you hold of these partitions, in the order of rows, some bytes at a time. */
export type Fetch = {
  readonly type: 'fetch'
  readonly id: RequestId
  /** `shortEpoch`. */
  readonly epoch: number
  readonly partitions: readonly number[]
  /** Token ‖ key in the first of them, behind which it goes on; '' is its beginning. */
  readonly after: string
  readonly bytes: number
}

export type Fetched = Told & {
  readonly type: 'fetched'
  readonly copies: readonly HandedCopy[]
  /** So many of the partitions were sent to their end. */
  readonly done: number
  /** In the one that was not. */
  readonly after: string
  /** Of what this answers, keys that cannot be sent. */
  readonly tooLarge: readonly TooLarge[]
}

/** What a comparison asks, and is told. */
export type PassQuestion = Compare | AskSketch | Differ
export type PassAnswer = Compared | Differing
export type ExchangeQuestion = PassQuestion | Fetch
export type ExchangeAnswer = PassAnswer | Fetched
export type ExchangeMessage = ExchangeQuestion | ExchangeAnswer
