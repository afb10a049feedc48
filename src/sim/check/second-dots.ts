/**
 * The exceptions to "an operation takes effect once", never a loss: where a second send made a
 * second dot, that version may be seen again beside what superseded the operation,
 *
 * - if its coordinator could ask too few owners whether the first try took effect (it says so in a
 *   note), or
 * - if the two tries ran on two sides, and the side of the first one forgot the operation before
 *   they met: it then superseded it in a record in which nothing tells of it, neither one of the 8
 *   ids nor a pin. To know it still would take memory without bounds.
 */
import { binaryOfHex } from '../../core/binary.ts'
import { isPinned, type Pins } from '../../core/causality/pins.ts'
import { opsKept, type Siblings } from '../../core/causality/siblings.ts'
import type { Dot } from '../../core/causality/version-vector.ts'
import type { NodeId, OpId } from '../../core/ids.ts'
import type { Effect } from '../../core/step.ts'
import { type History, isBefore, type Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Decoded } from './decoded.ts'

/** What a write came back beside, and all versions that were there. */
export type Beside = {
  readonly later: Write
  readonly versions: readonly { readonly op: OpId; readonly dot: Dot }[]
}

/** The ids in the record in which a dot was made. */
type Known = {
  readonly ops: readonly OpId[]
  readonly pins: Pins
  /** Of the versions that it holds. */
  readonly live: readonly OpId[]
}

export class SecondDots {
  readonly #history: History
  readonly #decoded: Decoded
  readonly #unasked = new Set<Write>()
  /** Of each operation, by the names of its dots. */
  readonly #madeIn = new Map<OpId, Map<string, Known>>()

  constructor(history: History, decoded: Decoded) {
    this.#history = history
    this.#decoded = decoded
  }

  hear(notice: Notice): void {
    if (notice.type !== 'effect') return
    const { effect, node } = notice
    if (effect.type === 'note') this.#hearNote(effect)
    else if (effect.type === 'send' && effect.message.type === 'store') {
      this.#look(node, this.#decoded.object(effect.message.object))
    } else if (effect.type === 'commit') {
      for (const { key, value } of effect.rows) {
        this.#look(node, value && this.#decoded.copyIn(key, value)?.siblings)
      }
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
  #look(node: NodeId, siblings: Siblings | undefined): void {
    if (siblings === undefined) return
    for (const { op, dot, via } of siblings.versions) {
      if (via !== node) continue
      const dots = this.#madeIn.get(op) ?? new Map<string, Known>()
      this.#madeIn.set(op, dots)
      const name = nameOf(dot)
      if (!dots.has(name)) dots.set(name, knownTo(siblings))
    }
  }

  /** A second send pins its operation in the record in which it makes its dot. */
  #isSecond(op: OpId, dot: Dot): boolean {
    const known = this.#madeIn.get(op)?.get(nameOf(dot))
    return known !== undefined && isPinned(known.pins, op)
  }

  /** Who superseded it never met the pin; and the later one knew nothing of it, or had it back. */
  #wasForgotten(write: Write, op: OpId, later: Write): boolean {
    const all = this.#history.writes.get(write.key) ?? []
    const superseders = all.filter(
      other => other.saw.includes(write) && (other === later || isBefore(other, later)),
    )
    const pinned = superseders.flatMap(one => this.#recordsOf(one)).some(knows('pins', op))
    if (pinned) return false
    return this.#recordsOf(later).some(
      known => known.live.includes(op) || !(knows('ops', op)(known) || knows('pins', op)(known)),
    )
  }

  #recordsOf({ op }: Write): readonly Known[] {
    return op === undefined ? [] : [...(this.#madeIn.get(op)?.values() ?? [])]
  }
}

function knownTo({ ops, pins, versions }: Siblings): Known {
  return { ops, pins, live: versions.map(version => version.op) }
}

function knows(list: 'ops' | 'pins', op: OpId): (known: Known) => boolean {
  return known => known[list].includes(op)
}

function nameOf({ actor, counter }: Dot): string {
  return `${actor}/${counter}`
}
