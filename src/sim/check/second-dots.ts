/**
 * The exceptions to "an operation takes effect once", never a loss: where a second send made a
 * second dot, that version may be seen again beside what superseded the operation,
 *
 * - if its coordinator could ask too few owners whether the first try took effect (it says so in a
 *   note), or
 * - if the two tries ran on two sides, and the side of the first one forgot the operation before
 *   they met: it superseded it in a record without a pin of it, and then took so many writes that
 *   none of the 8 ids told of it. To know it still would take memory without bounds. Or who
 *   superseded it was shown the first version when no id told of it any more, and wrote where the
 *   second one was: it stays there, pinned and live.
 */
import { binaryOfHex } from '../../core/binary.ts'
import { isPinned } from '../../core/causality/pins.ts'
import { knowsOp, opsKept, type Siblings } from '../../core/causality/siblings.ts'
import type { Dot } from '../../core/causality/version-vector.ts'
import type { Key, NodeId, OpId } from '../../core/ids.ts'
import type { Effect } from '../../core/step.ts'
import { type History, isBefore, type Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Decoded } from './decoded.ts'
import { recordsIn } from './shown-records.ts'

/** What a write came back beside, and all versions that were there. */
export type Beside = {
  readonly later: Write
  readonly versions: readonly { readonly op: OpId; readonly dot: Dot }[]
}

export class SecondDots {
  readonly #history: History
  readonly #decoded: Decoded
  readonly #unasked = new Set<Write>()
  /** Of each operation, by the names of its dots. */
  readonly #madeIn = new Map<OpId, Map<string, Siblings>>()
  /** Every record that there was, by key. */
  readonly #records = new Map<Key, Set<Siblings>>()

  constructor(history: History, decoded: Decoded) {
    this.#history = history
    this.#decoded = decoded
  }

  hear(notice: Notice): void {
    if (notice.type !== 'effect') return
    const { effect, node } = notice
    if (effect.type === 'note') this.#hearNote(effect)
    for (const { key, siblings } of recordsIn(effect, this.#decoded)) {
      this.#look(node, key, siblings)
    }
  }

  /** May this write come back? Without `beside`: whatever superseded it. */
  mayReturn(write: Write, beside?: Beside): boolean {
    if (this.#unasked.has(write)) return true
    const { op } = write
    if (beside === undefined || op === undefined) return false
    if (this.#history.countAbove(write) < opsKept - 1) return false
    const shown = beside.versions.filter(version => version.op === op)
    const second = shown.length > 0 && shown.every(({ dot }) => this.#isSecond(op, dot))
    return second && this.#wasForgotten(write, op, beside.later)
  }

  #hearNote({ note: { event, detail } }: Effect & { readonly type: 'note' }): void {
    if (event !== 'second-send-unasked') return
    const write = this.#history.ofOp(binaryOfHex(String(detail['op'])) as OpId)
    if (write !== undefined) this.#unasked.add(write)
  }

  /** A coordinator shows a dot that it made for the first time in the record it made it in. */
  #look(node: NodeId, key: Key, siblings: Siblings): void {
    const records = this.#records.get(key) ?? new Set<Siblings>()
    this.#records.set(key, records.add(siblings))
    for (const { op, dot, via } of siblings.versions) {
      if (via !== node) continue
      const dots = this.#madeIn.get(op) ?? new Map<string, Siblings>()
      this.#madeIn.set(op, dots)
      const name = nameOf(dot)
      if (!dots.has(name)) dots.set(name, siblings)
    }
  }

  /** A second send pins its operation in the record in which it makes its dot. */
  #isSecond(op: OpId, dot: Dot): boolean {
    const known = this.#madeIn.get(op)?.get(nameOf(dot))
    return known !== undefined && isPinned(known.pins, op)
  }

  /** Who superseded it never met the pin, and some record of the later one has no id of it left. */
  #wasForgotten(write: Write, op: OpId, later: Write): boolean {
    const all = this.#history.writes.get(write.key) ?? []
    const superseders = all.filter(
      other => other.saw.includes(write) && (other === later || isBefore(other, later)),
    )
    const madeIn = superseders.flatMap(one => this.#recordsOf(one))
    if (madeIn.some(one => isPinned(one.pins, op) && !isLiveIn(one, op))) return false
    const records = [...(this.#records.get(write.key) ?? [])]
    return records.some(one => isLiveIn(one, later.op) && (isLiveIn(one, op) || !knowsOp(one, op)))
  }

  #recordsOf({ op }: Write): readonly Siblings[] {
    return op === undefined ? [] : [...(this.#madeIn.get(op)?.values() ?? [])]
  }
}

function isLiveIn({ versions }: Siblings, op: OpId | undefined): boolean {
  return versions.some(version => version.op === op)
}

function nameOf({ actor, counter }: Dot): string {
  return `${actor}/${counter}`
}
