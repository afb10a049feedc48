/**
 * The one exception to "an operation takes effect once": a second send may make a second dot if its
 * coordinator could ask too few owners whether the first took effect. It says so in a note; the
 * write may then come back beside what superseded it, as a visible sibling.
 */
import { binaryOfHex } from '../../core/binary.ts'
import type { OpId } from '../../core/ids.ts'
import type { History, Write } from '../history.ts'
import type { Notice } from '../notice.ts'

export class Unasked {
  readonly #history: History
  readonly #writes = new Set<Write>()

  constructor(history: History) {
    this.#history = history
  }

  hear(notice: Notice): void {
    if (notice.type !== 'effect' || notice.effect.type !== 'note') return
    const { event, detail } = notice.effect.note
    if (event !== 'second-send-unasked') return
    const write = this.#history.ofOp(binaryOfHex(String(detail['op'])) as OpId)
    if (write !== undefined) this.#writes.add(write)
  }

  /** May this write come back? */
  has(write: Write): boolean {
    return this.#writes.has(write)
  }
}
