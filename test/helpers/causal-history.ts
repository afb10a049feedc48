/**
 * A model of one key's causal history: nodes hold rows made by the real rules beside the set
 * of writes that truly reached them. What each writer was shown is the oracle; a row is right
 * where its live versions are exactly the writes that nothing else in it has seen. Deliberately
 * wrong rules (`Flaw`) show that the model sees what it claims to see.
 */
import type { ActorField } from '../../src/core/causality/actor.ts'
import { fieldAfterMerge, nextDot } from '../../src/core/causality/actor.ts'
import { decodeContext, encodeContext } from '../../src/core/causality/context.ts'
import { itemDigest } from '../../src/core/causality/digest.ts'
import { decodeObject, encodeObject } from '../../src/core/causality/object.ts'
import {
  appliedOp,
  mergeSiblings,
  noSiblings,
  opBelowFullList,
  putVersion,
  type Seen,
  type Siblings,
  seenAfterPut,
  seenOf,
  type Version,
} from '../../src/core/causality/siblings.ts'
import { counterOf, type Dot, includeDot } from '../../src/core/causality/version-vector.ts'
import type { Actor, Key, NodeId, OpId, StartId } from '../../src/core/ids.ts'
import { nodeHash } from './hash.ts'

export const flaws = [
  'actor kept in a table outside its row',
  'actor of the store, counters reserved ahead',
  'actor kept through a restart',
  'put supersedes all local siblings',
  'newest wall clock wins a merge',
  'operations only collapse live twins',
  'retry always makes a new dot',
  'base without pending writes',
  'fallback builds on an empty store',
  "reply's context covers its whole actor",
  'context ignored',
] as const
export type Flaw = (typeof flaws)[number] | 'none'

/** What a step does: its kind, and numbers that pick node, context, message and the like. */
export type Step = readonly [kind: number, node: number, pick: number, twist: number]
export const stepKinds = 16

type Write = number
type Held = {
  readonly siblings: Siblings
  readonly field: ActorField | undefined
  readonly writes: ReadonlySet<Write>
  /** A dot of this start is in it that is not on disk: losing it ends the process. */
  readonly owes: boolean
}
type Node = {
  readonly id: NodeId
  start: number
  durable: Held
  pending: Held | undefined
  backup: Held
  /** For flawed rules only: an actor outside the row. */
  table: { actor: Actor; counter: number } | undefined
}
type Shown = { readonly context: Uint8Array; readonly writes: ReadonlySet<Write> }
type Copy = { readonly object: Uint8Array; readonly writes: ReadonlySet<Write> }
type Put = {
  readonly op: OpId
  readonly shown: Shown | undefined
  readonly tombstone: boolean
  /** Everything its writer had been shown, and what that had seen. */
  readonly past: ReadonlySet<Write>
}

const nothing: Held = { siblings: noSiblings, field: undefined, writes: new Set(), owes: false }
const key = 'k' as Key
const secrets = [{ id: 7, key: 'context key' }]
/** n1 to n3 are primaries, n4 and n5 fallbacks; the last one's counters skip (a foreign store). */
const nodeCount = 6
const foreign = 5

export class CausalHistory {
  /** What went wrong, in the order in which it was noticed. */
  readonly violations: string[] = []
  /** How often something worth reaching happened. */
  readonly reached = new Map<string, number>()
  private readonly nodes: Node[] = []
  private readonly puts: Put[] = []
  private readonly shown: Shown[] = []
  private readonly flying: Copy[] = []
  private readonly issued = new Map<string, Write>()
  /** Put under two dots, or shown by its operation only: exact as far as the lists reach. */
  private readonly loose = new Set<Write>()
  private actors = 0
  private readonly flaw: Flaw

  constructor(flaw: Flaw) {
    this.flaw = flaw
    for (let i = 0; i < nodeCount; i++) {
      const id = `n${i + 1}` as NodeId
      const node = { id, start: 1, durable: nothing, pending: undefined, backup: nothing }
      this.nodes.push({ ...node, table: undefined })
    }
  }

  step([kind, at, pick, twist]: Step): void {
    const node = this.nodes[at % nodeCount]!
    if (kind < 4) this.put(node, this.shown[pick % (this.shown.length + 1)], twist)
    else if (kind < 5) this.retry(node, pick, twist)
    else if (kind < 8) this.deliver(node, pick, twist)
    else if (kind < 10) this.flush(node)
    else if (kind < 12) this.get(node, pick, twist)
    else if (kind === 12) this.crash(node)
    else if (kind === 13) this.forget(node)
    else if (kind === 14) this.refuse(node)
    else this.copyOrRestore(node, pick, twist)
    for (const each of this.nodes) this.check(each)
  }

  /** Everything anywhere, merged in two orders, then one exchange: both show the same. */
  settle(order: readonly number[]): void {
    const copies = [...this.flying, ...this.nodes.map(node => this.copyOf(heldBy(node)))]
    const [a, b] = this.nodes as [Node, Node]
    for (const copy of copies) this.merge(a, copy)
    for (let i = 0; copies.length > 0; i++) {
      const [copy] = copies.splice((order[i % order.length] ?? 0) % copies.length, 1)
      this.merge(b, copy!)
    }
    this.merge(a, this.copyOf(heldBy(b)))
    this.merge(b, this.copyOf(heldBy(a)))
    this.check(a)
    this.check(b)
    if (digestOf(a) !== digestOf(b)) this.violations.push('two orders of merging differ')
  }

  // -- steps -----------------------------------------------------------------------------------

  private put(node: Node, shown: Shown | undefined, twist: number): void {
    const past = shown === undefined ? new Set<Write>() : this.closure(shown.writes)
    // Clients' operation ids are nearly ascending.
    const number = this.puts.length * 3 + (twist % 12)
    const op = `${String(number).padStart(6, '0')}${String(this.puts.length).padStart(6, '0')}`
    this.puts.push({ op: op as OpId, shown, tombstone: twist % 5 === 0, past })
    this.coordinate(node, this.puts.length - 1, twist)
  }

  private retry(node: Node, pick: number, twist: number): void {
    if (this.puts.length > 0) this.coordinate(node, pick % this.puts.length, twist)
  }

  /** A copy in flight arrives, once or again, or is lost. */
  private deliver(node: Node, pick: number, twist: number): void {
    const at = pick % (this.flying.length + 1)
    const copy = this.flying[at]
    if (copy === undefined) return
    if (twist % 4 > 0) this.flying.splice(at, 1)
    if (twist % 16 !== 15) this.merge(node, copy)
  }

  private flush(node: Node): void {
    if (node.pending !== undefined) node.durable = { ...node.pending, owes: false }
    node.pending = undefined
  }

  /** What one node, or two, have on disk is shown to a client. */
  private get(node: Node, pick: number, twist: number): void {
    const other = this.nodes[pick % nodeCount]!.durable
    const held = node.durable
    const both = twist % 2 === 0
    const siblings = both ? this.merged(held.siblings, other.siblings) : held.siblings
    const writes = both ? new Set([...held.writes, ...other.writes]) : held.writes
    this.shown.push({ context: contextOf(seenOf(siblings)), writes })
  }

  /** `kill -9`: what was pending is gone; peers may hold it. */
  private crash(node: Node): void {
    if (node.pending?.owes) this.reach('crash before own flush')
    node.pending = undefined
    node.start++
    const reserve = this.flaw === 'actor of the store, counters reserved ahead'
    if (!reserve) node.table = undefined
    else if (node.table !== undefined) node.table.counter += 1000
  }

  /** A fallback handed its copy off; or a scrub quarantined the record. */
  private forget(node: Node): void {
    if (node.pending !== undefined) return
    if (node.durable.writes.size > 0) this.flying.push(this.copyOf(node.durable))
    node.durable = nothing
    this.reach('row forgotten')
  }

  /** The disk refuses the commit; once a dot of it was sent, that ends the process. */
  private refuse(node: Node): void {
    const mustEnd = node.pending?.owes && this.flaw !== 'actor kept in a table outside its row'
    node.pending = undefined
    if (mustEnd) this.crash(node)
  }

  /** Takes a backup of the directory; or a node starts on its backup, or on another's copy. */
  private copyOrRestore(node: Node, pick: number, twist: number): void {
    if (twist % 2 === 0) node.backup = node.durable
    else {
      this.crash(node)
      node.durable = twist % 4 === 1 ? node.backup : this.nodes[pick % nodeCount]!.durable
      this.reach('started on a restored or copied directory')
    }
  }

  // -- the rules under test --------------------------------------------------------------------

  private coordinate(node: Node, write: Write, twist: number): void {
    const { op, shown, tombstone } = this.puts[write]!
    const row = this.baseOf(node)
    const seen = this.seenIn(shown)
    const again = [...this.issued.values()].includes(write)
    const applied = this.flaw === 'retry always makes a new dot' ? 0 : appliedOp(row.siblings, op)
    if (applied === 'superseded') this.reach('retry of a superseded put')
    else if (applied) {
      this.reach('retry of a live put')
      this.flying.push(this.copyOf(row))
      this.answer(seen, applied, shown, write)
    } else if (!again || !opBelowFullList(row.siblings, op)) {
      const { dot, field } = this.dotFor(node, row, seen, twist)
      this.issue(dot, write, again)
      const value = tombstone ? new Uint8Array(0) : Uint8Array.of(write)
      const stamp = { at: 1000 + ((twist * 7) % 50), via: node.id }
      const version = { dot, op, tombstone, checksum: nodeHash.crc32(value), value, ...stamp }
      this.apply(node, row, field, seen, version, write)
      this.answer(seen, version, shown, write)
    }
  }

  private apply(
    node: Node,
    row: Held,
    field: ActorField | undefined,
    seen: Seen,
    version: Version,
    write: Write,
  ): void {
    const all = this.flaw === 'put supersedes all local siblings'
    const superseded = all ? seenOf(row.siblings) : seen
    const built = this.withoutList(putVersion(row.siblings, superseded, version))
    const held = heldBy(node)
    const apart = this.flaw === 'fallback builds on an empty store'
    const siblings = apart ? mergeSiblings(held.siblings, built) : built
    node.pending = { siblings, field, writes: new Set([...held.writes, write]), owes: true }
    const copy = this.copyOf({ ...node.pending, siblings: built })
    const writes = apart ? new Set([...row.writes, write]) : copy.writes
    this.flying.push({ ...copy, writes }, { ...copy, writes })
  }

  /** All that the node holds of the key, pending included. */
  private baseOf(node: Node): Held {
    const held = heldBy(node)
    if (this.flaw === 'base without pending writes') return node.durable
    if (this.flaw !== 'fallback builds on an empty store' || node.id < 'n4') return held
    const own = held.siblings.vector.filter(({ actor }) => actor === held.field?.actor)
    return { ...nothing, field: held.field, siblings: { ...noSiblings, vector: own } }
  }

  private seenIn(shown: Shown | undefined): Seen {
    if (shown === undefined || this.flaw === 'context ignored')
      return { vector: [], ops: [], pins: [] }
    const read = decodeContext(nodeHash, secrets, key, shown.context)
    if (read === undefined) throw new Error('a context of our own was refused')
    return read.seen
  }

  private dotFor(node: Node, row: Held, seen: Seen, twist: number) {
    const draw = () => `actor${String(++this.actors).padStart(3, '0')}` as Actor
    const outside = [
      'actor kept in a table outside its row',
      'actor of the store, counters reserved ahead',
    ]
    if (outside.includes(this.flaw)) {
      node.table ??= { actor: draw(), counter: 0 }
      const dot = { actor: node.table.actor, counter: ++node.table.counter }
      return { dot, field: undefined }
    }
    const kept = this.flaw === 'actor kept through a restart' && row.field !== undefined
    const start = kept ? row.field!.start : startOf(node)
    // An actor that goes on whoever writes: then a reply's context claims what nobody was shown.
    const whole = this.flaw === "reply's context covers its whole actor"
    const known = whole ? seenOf(row.siblings) : seen
    const { dot, field } = nextDot(row.field, start, row.siblings, known, draw)
    const gap = node.id === `n${foreign + 1}` ? (twist % 3) * 1000 : 0
    return { dot: { ...dot, counter: dot.counter + gap }, field }
  }

  private answer(seen: Seen, version: Version, shown: Shown | undefined, write: Write): void {
    const exact = seenAfterPut(seen, version, false)
    const naive = { ...exact, vector: includeDot(seen.vector, version.dot) }
    const covers = counterOf(exact.vector, version.dot.actor) >= version.dot.counter
    if (!covers) {
      this.loose.add(write)
      this.reach('context by operation only')
    }
    const whole = this.flaw === "reply's context covers its whole actor"
    const writes = new Set([...(shown?.writes ?? []), write])
    this.shown.push({ context: contextOf(whole ? naive : exact), writes })
  }

  private merge(node: Node, copy: Copy): void {
    const incoming = decodeObject(nodeHash, copy.object)
    if (incoming === undefined) throw new Error('an object of our own was refused')
    const row = heldBy(node)
    const siblings = this.withoutList(this.merged(row.siblings, incoming))
    const field = fieldAfterMerge(row.field, row.siblings, incoming, siblings)
    const writes = new Set([...row.writes, ...copy.writes])
    node.pending = { siblings, field, writes, owes: row.owes }
  }

  private merged(a: Siblings, b: Siblings): Siblings {
    const merged = mergeSiblings(a, b)
    if (this.flaw !== 'newest wall clock wins a merge' || merged.versions.length < 2) return merged
    const newest = Math.max(...merged.versions.map(version => version.at))
    const kept = merged.versions.find(version => version.at === newest)!
    return { ...merged, versions: [kept] }
  }

  /** Flaw: the list knows live operations only. */
  private withoutList(siblings: Siblings): Siblings {
    if (this.flaw !== 'operations only collapse live twins') return siblings
    return { ...siblings, ops: [], pins: [] }
  }

  // -- the oracle ------------------------------------------------------------------------------

  private issue(dot: Dot, write: Write, again: boolean): void {
    const name = `${dot.actor}:${dot.counter}`
    if (this.issued.has(name)) this.violations.push(`dot ${name} issued twice`)
    this.issued.set(name, write)
    if (!again) return
    this.loose.add(write)
    this.reach('twin')
  }

  /** The live versions are exactly the writes here that no other write here has seen. */
  private check(node: Node): void {
    const { siblings, writes } = heldBy(node)
    const overwritten = new Set<Write>()
    for (const write of writes) for (const past of this.puts[write]!.past) overwritten.add(past)
    const live = siblings.versions.map(version => this.puts.findIndex(p => p.op === version.op))
    if (live.length > 2) this.reach('three siblings')
    if (new Set(live).size < live.length) this.violations.push(`${node.id} shows a put twice`)
    for (const write of writes) {
      if (overwritten.has(write) || live.includes(write)) continue
      this.violations.push(`${node.id} lost put ${write}`)
    }
    for (const write of live) {
      if (writes.has(write) && !overwritten.has(write)) continue
      if (this.loose.has(write) && opBelowFullList(siblings, this.puts[write]!.op)) {
        this.reach('false sibling past the list')
      } else this.violations.push(`${node.id} shows put ${write} again`)
    }
  }

  /** The writes and all that they had seen. */
  private closure(writes: ReadonlySet<Write>): ReadonlySet<Write> {
    const all = new Set(writes)
    for (const write of writes) for (const past of this.puts[write]!.past) all.add(past)
    return all
  }

  private copyOf({ siblings, writes }: Held): Copy {
    return { object: encodeObject(siblings), writes }
  }

  private reach(what: string): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + 1)
  }
}

function heldBy(node: Node): Held {
  return node.pending ?? node.durable
}

function startOf(node: Node): StartId {
  return `${node.id}${String(node.start).padStart(6, '0')}` as StartId
}

function contextOf(seen: Seen): Uint8Array {
  return encodeContext(nodeHash, secrets, key, seen, 0)
}

function digestOf(node: Node): string {
  return itemDigest(nodeHash, 'digest key', key, heldBy(node).siblings)
}
