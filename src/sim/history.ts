/**
 * What the workload itself knows: which writes there were, what each writer had been shown, and
 * how each call ended. The checkers' oracle: never the system's own vectors, for a bug worth
 * finding is a vector that lies.
 */
import { binaryOf, bytesOf, isSameBytes } from '../core/binary.ts'
import type { Key, NodeId, OpId } from '../core/ids.ts'
import type { RepairMode } from '../core/quorum/repair-mode.ts'
import type { CallResult } from '../core/session/call.ts'
import type { ClientId } from './client.ts'
import type { Micros } from './events.ts'
import type { Options } from './options.ts'

/** One intended write: all tries of one operation id are one write. */
export type Write = {
  /** `c5.14`: unique, and the beginning of its value. */
  readonly id: string
  readonly key: Key
  readonly deletes: boolean
  /** The writes that its writer had been shown in the context that it sent. */
  readonly saw: readonly Write[]
  /** Its number among the writes of its key. */
  readonly index: number
  /** Of its value there are as many bytes, drawn from its id, as this allows. */
  readonly sizes: ValueSizes
  /** All that it supersedes where it takes effect, as bits by index: `saw`, transitively. */
  readonly before: Uint32Array
  /** All that it may have superseded: what any of its tries was shown, transitively. */
  mayBefore: Uint32Array
  /** A further try of it was shown more than the first. */
  shownMore: boolean
  op: OpId | undefined
  /** The least quorum that a try of it asked for. */
  needed: number
  acknowledged: boolean
  /** Every try ended and none can have taken effect. */
  refused: boolean
  /** Dots that were issued for it: one, and one more for each retry that knew nothing of it. */
  dots: number
  /** Of a delete: when its tombstone was first reaped. */
  reapedAt: Micros | undefined
}

/** Bytes of values: most have fewer than `usual`, few just `large`. */
export type ValueSizes = { readonly usual: number; readonly large: number }

/** With small frames some values are what a frame takes, and one leaves room for others. */
export function valueSizesOf({
  frameBytes,
  disks,
}: Partial<Pick<Options, 'frameBytes' | 'disks'>>): ValueSizes {
  if (frameBytes === undefined) return { usual: disks?.valueBytesMax ?? 200, large: 3000 }
  return { usual: Math.floor(frameBytes / 4), large: Math.floor(frameBytes / 3) }
}

export type Phase = 'faults' | 'healed' | 'after'

export type Call = {
  readonly number: number
  readonly client: ClientId
  readonly kind: 'get' | 'put'
  readonly key: Key
  readonly write: Write | undefined
  /** The quorum that it asked for. */
  readonly needed: number
  readonly again: boolean
  /** Only primaries count for it. */
  readonly strict: boolean
  /** How a get writes back what it found. */
  readonly repair: RepairMode
  /** It sends a context that was cut or changed: nothing may come of it. */
  readonly spoiled: boolean
  readonly phase: Phase
  readonly at: Micros
  readonly timeoutMs: number
  readonly via: NodeId | undefined
  settledAt: Micros | undefined
  result: CallResult | undefined
  abandoned: boolean
  /** Of a get that succeeded. */
  shown: readonly Write[]
}

export class History {
  readonly calls: Call[] = []
  readonly writes = new Map<Key, Write[]>()
  readonly #byId = new Map<string, Write>()
  readonly #byOp = new Map<OpId, Write>()
  /** Deletes whose tombstones were reaped, and what these had seen, as bits by index. */
  readonly #reaped = new Map<Key, Uint32Array>()
  readonly #sizes: ValueSizes

  constructor(sizes: ValueSizes = valueSizesOf({})) {
    this.#sizes = sizes
  }

  newWrite(id: string, key: Key, deletes: boolean, saw: readonly Write[]): Write {
    const all = this.writes.get(key) ?? []
    this.writes.set(key, all)
    const index = all.length
    const before = accountedBy(saw)
    const mayBefore = mayBeAccountedBy(saw)
    const write: Write = {
      id,
      key,
      deletes,
      saw,
      index,
      sizes: this.#sizes,
      before,
      mayBefore,
      shownMore: false,
      op: undefined,
      needed: Number.POSITIVE_INFINITY,
      acknowledged: false,
      refused: false,
      dots: 0,
      reapedAt: undefined,
    }
    all.push(write)
    this.#byId.set(id, write)
    return write
  }

  /**
   * A further try of a write carries a context that shows these. What it saw is the union of what
   * its tries were shown, and so for all that saw it.
   */
  shownMore(write: Write, saw: readonly Write[]): void {
    const more = mayBeAccountedBy(saw)
    write.shownMore = true
    for (const one of this.writes.get(write.key) ?? []) {
      if (one === write || isAmong(one.mayBefore, write)) one.mayBefore = both(one.mayBefore, more)
    }
  }

  /** The operation id that a write is sent under: another one once all nodes refused the first. */
  named(write: Write, op: OpId): void {
    if (write.op === op) return
    write.op = op
    this.#byOp.set(op, write)
  }

  ofOp(op: OpId): Write | undefined {
    return this.#byOp.get(op)
  }

  /** How many writes of its key have a higher operation id, of those that were ever sent. */
  countAbove({ key, op }: Write): number {
    if (op === undefined) return 0
    const all = this.writes.get(key) ?? []
    return all.filter(other => (other.op ?? '') > op).length
  }

  /** The tombstone of a delete was reaped. */
  reap(write: Write, at: Micros): void {
    write.reapedAt ??= at
    const known = this.#reaped.get(write.key)
    const reaped = mayBeAccountedBy([write])
    this.#reaped.set(write.key, known === undefined ? reaped : both(known, reaped))
  }

  /** Is it a delete whose tombstone was reaped, or what such a one had seen? */
  isReaped(write: Write): boolean {
    const reaped = this.#reaped.get(write.key)
    return reaped !== undefined && isAmong(reaped, write)
  }

  /** These, and all that they supersede. */
  withOlder(writes: ReadonlySet<Write>): ReadonlySet<Write> {
    const all = new Set(writes)
    for (const { key, mayBefore } of writes) {
      const ofKey = this.writes.get(key) ?? []
      for (const [i, bits] of mayBefore.entries()) {
        for (let rest = bits; rest !== 0; rest &= rest - 1) {
          const older = ofKey[i * 32 + 31 - Math.clz32(rest & -rest)]
          if (older !== undefined) all.add(older)
        }
      }
    }
    return all
  }

  /** The write whose value this is, byte for byte; undefined: it is nobody's. */
  ofValue(value: Uint8Array): Write | undefined {
    const end = value.indexOf(separator)
    const write = this.#byId.get(binaryOf(value, 0, Math.max(0, end)))
    return write !== undefined && isSameBytes(payloadOf(write), value) ? write : undefined
  }
}

/** Writes of one key and all that they supersede, as bits by index. */
export function accountedBy(writes: readonly Write[]): Uint32Array {
  return together(writes, write => write.before)
}

/** And all that they may have superseded. */
export function mayBeAccountedBy(writes: readonly Write[]): Uint32Array {
  return together(writes, write => write.mayBefore)
}

/** Is its bit among these? */
export function isAmong(bits: Uint32Array, { index }: Write): boolean {
  return (at(bits, index >>> 5) & (1 << (index & 31))) !== 0
}

/** Does `later` supersede `earlier`, if it took effect? */
export function isBefore(earlier: Write, later: Write): boolean {
  return isAmong(later.before, earlier)
}

/** May it have done so? */
export function mayBeBefore(earlier: Write, later: Write): boolean {
  return isAmong(later.mayBefore, earlier)
}

/** The value of a write: its id, then bytes that follow from it; none is equal to another's. */
export function payloadOf(write: Write): Uint8Array {
  const { usual, large } = write.sizes
  let state = 17
  for (let i = 0; i < write.id.length; i++) state = Math.imul(state, 31) + write.id.charCodeAt(i)
  const length = (state >>> 3) % 37 === 0 ? large : (state >>> 9) % usual
  const head = bytesOf(`${write.id}|`)
  const value = new Uint8Array(head.length + length)
  value.set(head)
  for (let i = head.length; i < value.length; i++) {
    state = Math.imul(state, 1664525) + 1013904223
    value[i] = state >>> 24
  }
  return value
}

const separator = 0x7c

function together(writes: readonly Write[], of: (write: Write) => Uint32Array): Uint32Array {
  const count = writes.reduce((most, { index }) => Math.max(most, index + 1), 0)
  const own = new Uint32Array((count + 31) >>> 5)
  for (const { index } of writes) own[index >>> 5] = at(own, index >>> 5) | (1 << (index & 31))
  return writes.reduce<Uint32Array>((bits, write) => both(bits, of(write)), own)
}

function both(a: Uint32Array, b: Uint32Array): Uint32Array {
  const bits = new Uint32Array(Math.max(a.length, b.length))
  bits.set(a)
  for (let i = 0; i < b.length; i++) bits[i] = at(bits, i) | at(b, i)
  return bits
}

function at(bits: Uint32Array, index: number): number {
  return bits[index] ?? 0
}
