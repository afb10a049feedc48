/** Two members' objects and trees, and passes between them over the real codec: no replicas. */
import { bytesOf } from '../../src/core/binary.ts'
import { Carrier, usualFrameBytes } from '../../src/core/carrier.ts'
import { encodeObject } from '../../src/core/causality/object.ts'
import { encodeRecord, type Record } from '../../src/core/causality/record.ts'
import { putVersion, type Siblings } from '../../src/core/causality/siblings.ts'
import { shortEpoch } from '../../src/core/entropy/clocks.ts'
import type { PassQuestion } from '../../src/core/entropy/exchange-message.ts'
import { Pass } from '../../src/core/entropy/pass.ts'
import { type Clocks, type ExchangeParts, Responder } from '../../src/core/entropy/responder.ts'
import { sharedOf } from '../../src/core/entropy/shared.ts'
import { defaultExchangeTiming } from '../../src/core/entropy/timing.ts'
import { Tree } from '../../src/core/entropy/tree.ts'
import { Hints } from '../../src/core/handoff/hints.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Actor, Instant, Key, NodeId, OpId, Partition } from '../../src/core/ids.ts'
import { viewOf } from '../../src/core/membership/view.ts'
import type { HandedCopy, PeerMessage } from '../../src/core/message.ts'
import { type Copy, Objects } from '../../src/core/objects.ts'
import { Pending } from '../../src/core/pending.ts'
import { Placement } from '../../src/core/placement.ts'
import type { Stored } from '../../src/core/quorum/put-coordination.ts'
import { encodeState, partitionRowKey } from '../../src/core/reaping/partition-rows.ts'
import { stampsOf } from '../../src/core/reaping/reaping.ts'
import { objectRowKey } from '../../src/core/row-key.ts'
import type { RowKey, StoredRow } from '../../src/core/step.ts'
import { Wholeness } from '../../src/core/wholeness/wholeness.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { decodePeerMessage, encode } from '../../src/wire/message-codec.ts'
import { entryOf } from './members.ts'

const digestKey = 'd'.repeat(32)
export const actorOf = (name: string) => name.repeat(8).slice(0, 8) as Actor

/** The base and one more version by this actor, which has seen `seen` of it. */
export function putOn(base: Siblings, actor: string, text: string, seen = base): Siblings {
  const value = bytesOf(text)
  const known = base.vector.find(dot => dot.actor === actorOf(actor))
  const counter = (known?.counter ?? 0) + 1
  return putVersion(base, seen, {
    dot: { actor: actorOf(actor), counter },
    op: `${actor}${counter}${text}`.padEnd(12, '-').slice(0, 12) as OpId,
    tombstone: false,
    checksum: nodeHash.crc32(value),
    at: 0,
    via: 'n1' as NodeId,
    value,
  })
}

export class Side {
  readonly disk = new Map<RowKey, Uint8Array>()
  readonly placement: Placement
  pending = new Pending<Record, Stored>()
  now = 1000 as Instant
  /** Of its store, as it is opened. */
  whole = true
  objects!: Objects<Stored>
  tree!: Tree
  wholeness!: Wholeness
  carrier = new Carrier(usualFrameBytes)
  /** By key space, as each was last read. */
  readonly #sorted = new Map<string, RowKey[]>()

  constructor(self: string, members = ['n1', 'n2', 'n3'], partitions = 256) {
    const settings = {
      replicas: 3,
      readQuorum: 2,
      writeQuorum: 2,
      partitions,
      fallbacks: 3,
      valueBytesMax: 1024 * 1024,
      readRepair: 'blocking',
    } as const
    const view = viewOf(members.map(id => entryOf(id)))
    this.placement = new Placement(self as NodeId, settings, view, nodeHash, () => false)
  }

  /** Puts an object on the disk before anything runs. */
  load(key: string, siblings: Siblings): void {
    const object = encodeObject(siblings)
    const { objects } = this
    const digest = objects.digestOf(key as Key, siblings)
    const record = { object, digest, time: 0, generation: 0, field: undefined }
    const token = tokenOf(nodeHash, key as Key)
    this.disk.set(objectRowKey(token, key as Key), encodeRecord(nodeHash, key as Key, record))
  }

  /** Rounds have reaped in each partition, before anything runs. */
  raise(floor: number): void {
    const state = encodeState(nodeHash, { generation: floor, floor, reaped: floor })
    for (let i = 0; i < this.placement.settings.partitions; i++) {
      this.disk.set(partitionRowKey(i as Partition), state)
    }
  }

  /** A process on what the disk holds, its tree counted. */
  start(): void {
    this.#sorted.clear()
    this.pending = new Pending<Record, Stored>()
    const reads = {
      get: (row: RowKey) => this.disk.get(row),
      range: (from: RowKey, to: RowKey, limit: number) => this.#range(from, to, limit),
    }
    const { pending } = this
    const hash = nodeHash
    const { partitions } = this.placement.settings
    const hints = new Hints<Stored>({ hash, digestKey, reads, pending, bytesMax: 1 })
    this.tree = new Tree({ hash, digestKey, reads, partitions, checkpointChanges: undefined })
    const { placement, tree } = this
    const write = (key: RowKey, bytes: Uint8Array) =>
      pending.write(key, { bytes, meaning: undefined })
    this.wholeness = new Wholeness({ hash, reads, placement, write, whole: this.whole })
    const { wholeness } = this
    const nothing = { from: 'n9' as NodeId, verdict: 'no-more', commits: 0, own: 0 } as const
    wholeness.recalled(nothing, this.now)
    const stamps = stampsOf<Stored>({ hash, reads, pending, partitions, placement })
    const parts = { hash, digestKey, reads, pending, hints, tree, wholeness, ...stamps }
    this.objects = new Objects(parts)
    do {
      this.flush()
      this.tree.tick(this.now)
    } while (!this.tree.ready || this.tree.due)
  }

  write(key: string, siblings: Siblings, time = 0): void {
    const copy: Copy = { object: encodeObject(siblings), siblings, time, generation: 0 }
    this.objects.merge(tokenOf(nodeHash, key as Key), key as Key, copy, undefined)
  }

  /** All that is pending becomes durable. */
  flush(): void {
    const commit = this.pending.turn(() => this.tree.turn(), this.tree.due)
    if (commit?.type !== 'commit') return
    for (const { key, value } of commit.rows) {
      if (this.disk.has(key) === (value === undefined)) this.#resort(key, value !== undefined)
      if (value === undefined) this.disk.delete(key)
      else this.disk.set(key, value)
    }
    this.pending.settle({ type: 'stored', commit: commit.commit, result: 'durable' })
    this.tree.settled(this.now)
  }

  get parts(): ExchangeParts {
    const { placement, tree, objects, wholeness, carrier } = this
    const timing = defaultExchangeTiming
    return { hash: nodeHash, placement, tree, objects, wholeness, timing, carrier }
  }

  /** What it holds, by key: live versions and all. */
  get root(): string {
    const sums = new Uint32Array(3)
    this.tree.subtrees.addTo(sums, 0, 0, 0, () => true)
    return `${sums}`
  }

  /** A row comes or goes: a million are not sorted again for it. */
  #resort(key: RowKey, comes: boolean): void {
    const sorted = this.#sorted.get(key.slice(0, 1))
    if (sorted === undefined) return
    if (comes) sorted.splice(placeIn(sorted, key), 0, key)
    else sorted.splice(sorted.indexOf(key), 1)
  }

  #range(from: RowKey, to: RowKey, limit: number): StoredRow[] {
    const space = from.slice(0, 1)
    const sorted =
      this.#sorted.get(space) ??
      [...this.disk.keys()].filter(key => key.startsWith(space)).sort((a, b) => (a < b ? -1 : 1))
    this.#sorted.set(space, sorted)
    const rows: StoredRow[] = []
    for (let i = placeIn(sorted, from); i < sorted.length && rows.length < limit; i++) {
      const key = sorted[i] as RowKey
      if (key >= to) break
      rows.push({ key, value: this.disk.get(key) as Uint8Array })
    }
    return rows
  }
}

/** How many rows are not behind this one. */
function placeIn(sorted: readonly RowKey[], row: RowKey): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as RowKey) > row) high = middle
    else low = middle + 1
  }
  return low
}

export type Measured = {
  /** Of comparisons, frames included, both ways; and of what tells what to do with differences. */
  compareBytes: number
  tradeBytes: number
  /** Questions that were answered. */
  rounds: number
  /** Until the last comparison. */
  compareRounds: number
  moved: number
  /** Questions for sketches. */
  sketches: number
  equal: boolean
}

export type PassOptions = {
  readonly wall?: number
  readonly waited?: ReadonlySet<string>
  readonly size?: number
  readonly from?: number
  /** Between an answer and the next question. */
  readonly meanwhile?: (round: number) => void
  readonly roundsMax?: number
  /** What becomes of the bytes of sketches. */
  readonly spoil?: (bytes: Uint8Array) => Uint8Array
}

/** One pass; `a` asks. */
export function runPass(a: Side, b: Side, options: PassOptions = {}): { pass: Pass } & Measured {
  const { wall = 1_800_000_000_000, waited = new Set<string>(), size = 512, from = 0 } = options
  const shared = sharedOf(a.placement.ring, a.placement.self, b.placement.self)
  const pass = new Pass(a.parts, { shared, wall, from, waited }, a.now)
  const responder = new Responder(b.parts)
  const measured = {
    compareBytes: 0,
    tradeBytes: 0,
    rounds: 0,
    compareRounds: 0,
    moved: 0,
    sketches: 0,
  }
  const epoch = shortEpoch(a.placement.epoch)
  for (;;) {
    for (let copies = pass.owed(size, 2 ** 30); copies.length > 0; ) {
      hand(a, b, copies, measured)
      pass.handed(copies, [])
      copies = pass.owed(size, 2 ** 30)
    }
    if (measured.rounds >= (options.roundsMax ?? Number.POSITIVE_INFINITY)) break
    const question = pass.next(measured.rounds, epoch, size, a.now)
    if (question === undefined) break
    const clocks = { now: b.now, wall, settled: true }
    const asked = through(question)
    const answer = answerTo(responder, a.placement.self, asked, clocks)
    measured.rounds++
    const bytes = sizeOf(question) + sizeOf(answer)
    const told = through(answer)
    if (asked.type === 'sketch') measured.sketches++
    if (told.type === 'compared') {
      measured.compareBytes += bytes
      measured.compareRounds++
      const spoilt = asked.type === 'sketch' && options.spoil?.(told.entries)
      const entries = spoilt || told.entries
      if (!pass.compared({ ...told, entries }, a.now)) throw new Error('not understood')
    } else {
      const copies = told.copies.reduce((sum, copy) => sum + copy.object.length, 0)
      measured.tradeBytes += bytes - copies
      measured.moved += told.copies.length
      if (!pass.differing(told)) throw new Error('not understood')
      a.flush()
    }
    options.meanwhile?.(measured.rounds)
  }
  return { pass, equal: pass.equal, ...measured }
}

function answerTo(responder: Responder, from: NodeId, asked: PassQuestion, clocks: Clocks) {
  if (asked.type === 'compare') return responder.compare(from, asked, clocks, 0)
  if (asked.type === 'sketch') return responder.sketch(from, asked, clocks, 0)
  return responder.differ(from, asked, clocks, 0)
}

/** A frame. */
function sizeOf(message: PeerMessage): number {
  return 4 + encode(message).length
}

function through<Message extends PeerMessage>(message: Message): Message {
  const decoded = decodePeerMessage(encode(message))
  if ('malformed' in decoded) throw new Error(decoded.malformed)
  return decoded as Message
}

function hand(a: Side, b: Side, copies: readonly HandedCopy[], measured: { moved: number }): void {
  for (const { key, token, object, generation, time } of copies) {
    const record = a.objects.durable(token, key)
    if (record === undefined || record === 'damaged') continue
    const { siblings } = record
    b.objects.merge(token, key, { object, siblings, time, generation }, undefined)
    measured.moved++
  }
  b.flush()
}
