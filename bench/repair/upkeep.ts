/**
 * What it costs to keep the tree: the same puts into two stores, one with a tree and one with
 * none, in alternating slices of one process, through the product's own objects, commits and
 * store. Checkpoints are in it: there are several.
 */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encodeObject } from '../../src/core/causality/object.ts'
import type { Record } from '../../src/core/causality/record.ts'
import type { Siblings } from '../../src/core/causality/siblings.ts'
import type { Tree } from '../../src/core/entropy/tree.ts'
import { Hints } from '../../src/core/handoff/hints.ts'
import type { Actor, Instant } from '../../src/core/ids.ts'
import { Objects } from '../../src/core/objects.ts'
import { Pending } from '../../src/core/pending.ts'
import type { Stored } from '../../src/core/quorum/put-coordination.ts'
import { stampsOf } from '../../src/core/reaping/reaping.ts'
import { nodeHash } from '../../src/node/hash.ts'
import type { OpenedStore } from '../../src/node/lmdb-store.ts'
import { openStore } from '../../src/node/open-store.ts'
import { wholenessOf } from '../../test/helpers/wholeness.ts'
import { type Spread, spreadOf } from '../report.ts'
import { entryOf, nextOf } from './data-set.ts'
import { type StorePlace, treeOf } from './stopped-store.ts'

export type Upkeep = {
  readonly puts: number
  /** Of the process, LMDB's writer included: µs a put without a tree, and more with one. */
  readonly baseUs: number
  readonly moreUs: number
  readonly moreUsOfRounds: Spread
  /** The same of the best slice of each: others' work on the machine only ever adds. */
  readonly bestBaseUs: number
  readonly bestMoreUs: number
  /** That LMDB wrote, a put without a tree; with one, as a part of it. */
  readonly baseBytes: number
  readonly bytesRatio: number
  /** Of the tree: heap and array buffers a key, at the start and once the puts are forgotten. */
  readonly openedBytesPerKey: number
  readonly usedBytesPerKey: number
}

/** Both stores are of nodes that do not run; that of `without` has a wrong tree afterwards. */
export async function measureUpkeep(
  withTree: StorePlace,
  without: StorePlace,
  keys: number,
): Promise<Upkeep> {
  const stores = await Promise.all([openStore(withTree.options), openStore(without.options)])
  const bare = new Writer(stores[1], without.digestKey, noTree, keys)
  await bare.slice()
  const before = heldBytes()
  const held: { kept?: Writer } = {
    kept: new Writer(stores[0], withTree.digestKey, treeOf(withTree, stores[0]), keys),
  }
  const openedBytesPerKey = (heldBytes() - before) / keys
  const slices = await alternating(bare, held)
  held.kept?.forget()
  const used = heldBytes()
  delete held.kept
  const usedBytesPerKey = (used - heldBytes()) / keys
  await Promise.all(stores.map(store => store.close()))
  const sum = (of: (slice: (typeof slices)[number]) => number) => {
    return slices.reduce((total, slice) => total + of(slice), 0) / (rounds * putsInSlice)
  }
  const best = (of: (slice: (typeof slices)[number]) => number) => {
    return Math.min(...slices.map(of)) / putsInSlice
  }
  const bestBaseUs = best(({ bare }) => bare.cpuUs)
  const baseBytes = sum(({ bare }) => bare.bytes)
  return {
    puts: rounds * putsInSlice,
    baseUs: sum(({ bare }) => bare.cpuUs),
    moreUs: sum(({ bare, kept }) => kept.cpuUs - bare.cpuUs),
    moreUsOfRounds: spreadOf(
      slices.map(({ bare, kept }) => (kept.cpuUs - bare.cpuUs) / putsInSlice),
    ),
    bestBaseUs,
    bestMoreUs: best(({ kept }) => kept.cpuUs) - bestBaseUs,
    baseBytes,
    bytesRatio: sum(({ kept }) => kept.bytes) / baseBytes,
    openedBytesPerKey,
    usedBytesPerKey,
  }
}

async function alternating(bare: Writer, held: { readonly kept?: Writer }) {
  const kept = held.kept as Writer
  for (const writer of [kept, bare, kept]) await writer.slice()
  const slices: { readonly bare: Slice; readonly kept: Slice }[] = []
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) slices.push({ bare: await bare.slice(), kept: await kept.slice() })
    else slices.push({ kept: await kept.slice(), bare: await bare.slice() })
  }
  return slices
}

type Slice = { readonly cpuUs: number; readonly bytes: number }

class Writer {
  readonly #store: OpenedStore
  readonly #tree: Tree
  readonly #keys: number
  readonly #pending = new Pending<Record, Stored>()
  readonly #objects: Objects<Stored>
  #puts = 0

  constructor(store: OpenedStore, digestKey: string, tree: Tree, keys: number) {
    const { reads } = store
    const parts = { hash: nodeHash, digestKey, reads, pending: this.#pending }
    const hints = new Hints<Stored>({ ...parts, bytesMax: 1 })
    this.#store = store
    this.#tree = tree
    this.#keys = keys
    const stamps = stampsOf<Stored>({
      ...parts,
      partitions: 2 ** tree.bits,
      placement: { owns: () => true },
    })
    const wholeness = wholenessOf()
    this.#objects = new Objects({ ...parts, hints, tree, wholeness, ...stamps })
  }

  /** The ring of recent changes is not what a tree takes up. */
  forget(): void {
    this.#tree.tick((performance.now() + 3_600_000) as Instant)
  }

  async slice(): Promise<Slice> {
    const [cpu, bytes] = [process.cpuUsage(), writtenBytes()]
    for (let i = 0; i < putsInSlice; i += putsInCommit) await this.#commit()
    const { user, system } = process.cpuUsage(cpu)
    return { cpuUs: user + system, bytes: writtenBytes() - bytes }
  }

  async #commit(): Promise<void> {
    for (let i = 0; i < putsInCommit; i++) this.#put()
    const tree = this.#tree
    const commit = this.#pending.turn(() => tree.turn(), tree.due)
    if (commit?.type !== 'commit') throw new Error('nothing to commit')
    const result = await this.#store.commit(commit.rows)
    if (result !== 'durable') throw new Error('a commit is not durable')
    this.#pending.settle({ type: 'stored', commit: commit.commit, result })
    tree.settled(performance.now() as Instant)
    tree.tick(performance.now() as Instant)
  }

  /** A copy of a later version, as from its coordinator. */
  #put(): void {
    const number = (this.#puts * stride) % this.#keys
    const { key, token } = entryOf(number)
    const counter = 1 + Math.floor(this.#puts / this.#keys)
    const vector = [{ actor: 'both----' as Actor, counter }]
    const base: Siblings = { vector, versions: [], ops: [], pins: [] }
    const siblings = nextOf(base, 'both', number)
    const copy = { object: encodeObject(siblings), siblings, time: Date.now(), generation: 0 }
    this.#objects.merge(token, key, copy, undefined)
    this.#puts++
  }
}

/** Does nothing of what a tree does. */
const noTree = {
  due: false,
  ready: true,
  change: () => undefined,
  doubt: () => undefined,
  turn: () => [],
  settled: () => undefined,
  tick: () => undefined,
} as unknown as Tree

/** Written by this process, which is LMDB's pages and nothing else. */
function writtenBytes(): number {
  const io = readFileSync('/proc/self/io', 'utf8')
  return Number(/^wchar: (\d+)$/m.exec(io)?.[1])
}

function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const rounds = 20
const putsInSlice = 8192
/** A node's commits at 512 puts in flight are about as large. */
const putsInCommit = 256
/** Prime: every key once before any comes again. */
const stride = 7919
