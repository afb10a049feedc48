/** One node's objects and hints on a disk that the test flushes: no replica around them. */
import { bytesOf } from '../../src/core/binary.ts'
import { encodeObject } from '../../src/core/causality/object.ts'
import type { Record } from '../../src/core/causality/record.ts'
import { noSiblings, putVersion } from '../../src/core/causality/siblings.ts'
import { Tree } from '../../src/core/entropy/tree.ts'
import { Hints } from '../../src/core/handoff/hints.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Actor, Key, NodeId, OpId } from '../../src/core/ids.ts'
import { type Copy, Objects } from '../../src/core/objects.ts'
import { Pending } from '../../src/core/pending.ts'
import { stampsOf } from '../../src/core/reaping/reaping.ts'
import type { CommitId, Row, RowKey } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { wholenessOf } from './wholeness.ts'

const digestKey = 'd'.repeat(32)

export class HintHolder<Then> {
  readonly disk = new Map<RowKey, Uint8Array>()
  pending!: Pending<Record, Then>
  hints!: Hints<Then>
  objects!: Objects<Then>
  /** Rows of hints that were read in pages. */
  looked = 0
  readonly #bytesMax: number
  #underWay: { readonly commit: CommitId; readonly rows: readonly Row[] } | undefined

  constructor(bytesMax = Number.MAX_SAFE_INTEGER) {
    this.#bytesMax = bytesMax
    this.restart()
  }

  /** A new process on the same disk: what was not durable is gone. */
  restart(): void {
    this.#underWay = undefined
    this.pending = new Pending<Record, Then>()
    const reads = {
      get: (row: RowKey) => this.disk.get(row),
      range: (from: RowKey, to: RowKey, limit: number) => {
        const rows = [...this.disk]
          .filter(([key]) => key > from && key < to)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit)
          .map(([key, value]) => ({ key, value }))
        this.looked += rows.length
        return rows
      },
    }
    const { pending } = this
    const bytesMax = this.#bytesMax
    this.hints = new Hints<Then>({ hash: nodeHash, digestKey, reads, pending, bytesMax })
    const { hints } = this
    const partitions = 16
    const tree = new Tree({ hash: nodeHash, digestKey, reads, partitions, checkpointChanges: 1 })
    const placement = { owns: () => true }
    const stamps = stampsOf<Then>({ hash: nodeHash, reads, pending, partitions, placement })
    const wholeness = wholenessOf()
    const parts = { hash: nodeHash, digestKey, reads, pending, hints, tree, wholeness, ...stamps }
    this.objects = new Objects<Then>(parts)
  }

  /** The next commit begins, unless one is under way. */
  turn(): void {
    const effect = this.pending.turn()
    if (effect?.type === 'commit') this.#underWay = effect
  }

  /** The commit under way becomes durable; what waited for it. */
  durable(): readonly Then[] {
    const commit = this.#underWay
    if (commit === undefined) return []
    this.#underWay = undefined
    for (const { key, value } of commit.rows) {
      if (value === undefined) this.disk.delete(key)
      else this.disk.set(key, value)
    }
    return this.pending.settle({ type: 'stored', commit: commit.commit, result: 'durable' })
  }

  /** Everything becomes durable. */
  flush(): readonly Then[] {
    const all = [...this.durable()]
    this.turn()
    return all.concat(this.durable())
  }

  keep(owner: string, key: string, copy: Copy, then?: Then): 'waits' | 'held' | 'full' {
    return this.hints.keep(owner as NodeId, tokenFor(key), key as Key, copy, then)
  }

  /** Keys of the hints on the disk. */
  get rows(): readonly RowKey[] {
    return [...this.disk.keys()].filter(key => key.startsWith('\x20'))
  }
}

export function tokenFor(key: string) {
  return tokenOf(nodeHash, key as Key)
}

/** An object of one version, the n-th of this actor. */
export function copyOf(actor: string, counter = 1, text = `${actor}${counter}`): Copy {
  const value = bytesOf(text)
  const version = {
    dot: { actor: actor.repeat(8).slice(0, 8) as Actor, counter },
    op: `${actor}${counter}`.padEnd(12, '-') as OpId,
    tombstone: false,
    checksum: nodeHash.crc32(value),
    at: 0,
    via: 'n1' as NodeId,
    value,
  }
  const siblings = putVersion(noSiblings, { vector: [], ops: [], pins: [] }, version)
  return { siblings, object: encodeObject(siblings), time: counter, generation: 0 }
}
