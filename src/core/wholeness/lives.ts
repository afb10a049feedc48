/**
 * What this node heard of the stores of others (design §4): of each member the highest commit
 * number that it told, and which store and start told it. A start that began below that, or on a
 * store that another one had followed, runs on an old copy of its directory; it cannot know that
 * by itself. Kept in a row for each member (`row-key.ts`):
 *
 *   format 1 ‖ CRC-32 4 ‖ verdict 1 ‖ commits 6 ‖ store 8 ‖ start 8
 *   ‖ number of earlier starts 1, 8 each ‖ earlier stores, 8 each
 */
import { sometimes } from '#mutants'
import {
  readUint8,
  readUint32,
  readUint48,
  writeUint8,
  writeUint32,
  writeUint48,
} from '../big-endian.ts'
import { binaryOf, writeBinary } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { NodeId, StartId, StoreId } from '../ids.ts'
import { lifeRowKey, lifeRows, memberOfRow } from '../row-key.ts'
import type { Row, RowKey, Store } from '../step.ts'

/** Which store a process runs on, and the store's durable commit number: at its start, and now. */
export type Life = {
  readonly store: StoreId
  readonly start: StartId
  readonly began: number
  readonly commits: number
}

/** Heard of earlier starts: no more than this one began with; more; another store. */
export const verdicts = ['no-more', 'more', 'another-store'] as const
export type Verdict = (typeof verdicts)[number]

type Heard = {
  readonly store: StoreId
  readonly start: StartId
  /** Of this start. */
  readonly verdict: Verdict
  commits: number
  readonly starts: readonly StartId[]
  readonly stores: readonly StoreId[]
}

export class Lives {
  readonly #hash: Hash
  readonly #heard = new Map<NodeId, Heard>()
  /** Members of whom more was heard than is kept. */
  readonly #changed = new Set<NodeId>()

  constructor(hash: Hash, reads: Store) {
    this.#hash = hash
    for (const { key, value } of reads.range(lifeRows.from, lifeRows.to, livesMax)) {
      const heard = decodeHeard(hash, value)
      if (heard !== undefined) this.#heard.set(memberOfRow(key), heard)
    }
  }

  /** Rows of this in the store, once all is kept. */
  get rows(): number {
    return this.#heard.size
  }

  /** The highest commit number that was heard of a member. */
  commitsOf(node: NodeId): number {
    return this.#heard.get(node)?.commits ?? 0
  }

  /** A member says how far its store is. True: it is another start than before, to be kept soon. */
  hear(node: NodeId, life: Life): boolean {
    const known = this.#heard.get(node)
    if (known !== undefined && known.start === life.start) {
      if (life.commits > known.commits) this.#changed.add(node)
      known.commits = Math.max(known.commits, life.commits)
      return false
    }
    // A message of a process that is gone came late.
    if (known?.starts.includes(life.start)) return false
    const verdict = known === undefined ? 'no-more' : verdictOn(life, known)
    if (verdict === 'more') sometimes('a member runs on an old copy of its directory')
    const { store, start } = life
    const commits = Math.max(life.commits, known?.store === store ? known.commits : 0)
    const starts = known === undefined ? [] : [known.start, ...known.starts].slice(0, startsMax)
    const others = [...new Set(known === undefined ? [] : [known.store, ...known.stores])]
    const stores = others.filter(other => other !== store).slice(0, storesMax)
    this.#heard.set(node, { store, start, verdict, commits, starts, stores })
    this.#changed.add(node)
    return true
  }

  /** What this node says to a start of a member. */
  verdictOn(node: NodeId, start: StartId): Verdict {
    const heard = this.#heard.get(node)
    return heard?.start === start ? heard.verdict : 'no-more'
  }

  /** What is not kept yet. */
  takeRows(): readonly (Row & { readonly value: Uint8Array })[] {
    const rows = [...this.#changed].map(node => {
      const heard = this.#heard.get(node) as Heard
      return { key: lifeRowKey(node) as RowKey, value: encodeHeard(this.#hash, heard) }
    })
    this.#changed.clear()
    return rows
  }
}

function verdictOn({ store, began }: Life, known: Heard): Verdict {
  if (known.store === store) return began < known.commits ? 'more' : 'no-more'
  return known.stores.includes(store) ? 'more' : 'another-store'
}

function encodeHeard(hash: Hash, heard: Heard): Uint8Array {
  const { verdict, commits, store, start, starts, stores } = heard
  const bytes = new Uint8Array(HEADER + 8 * (starts.length + stores.length))
  let at = writeUint8(bytes, CHECKED_FROM, verdicts.indexOf(verdict))
  at = writeUint48(bytes, at, commits)
  at = writeBinary(bytes, writeBinary(bytes, at, store), start)
  at = writeUint8(bytes, at, starts.length)
  for (const id of [...starts, ...stores]) at = writeBinary(bytes, at, id)
  writeUint8(bytes, 0, FORMAT)
  writeUint32(bytes, 1, hash.crc32(bytes.subarray(CHECKED_FROM)))
  return bytes
}

function decodeHeard(hash: Hash, bytes: Uint8Array): Heard | undefined {
  if (bytes.length < HEADER || readUint8(bytes, 0) !== FORMAT) return undefined
  if (readUint32(bytes, 1) !== hash.crc32(bytes.subarray(CHECKED_FROM))) return undefined
  const ids: string[] = []
  for (let at = HEADER; at + 8 <= bytes.length; at += 8) ids.push(binaryOf(bytes, at, at + 8))
  const count = readUint8(bytes, HEADER - 1)
  return {
    verdict: verdicts[readUint8(bytes, CHECKED_FROM)] ?? 'no-more',
    commits: readUint48(bytes, 6),
    store: binaryOf(bytes, 12, 20) as StoreId,
    start: binaryOf(bytes, 20, 28) as StartId,
    starts: ids.slice(0, count) as StartId[],
    stores: ids.slice(count) as StoreId[],
  }
}

const FORMAT = 1
const CHECKED_FROM = 5
const HEADER = 29
const livesMax = 1024
/** Starts whose messages may still be on their way; stores that may be put back. */
const startsMax = 8
const storesMax = 8
