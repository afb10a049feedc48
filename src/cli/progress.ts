/** How far a long step is: a bar that is redrawn on a terminal, a line a quarter elsewhere. */
import { printLine, redrawLine } from './render.ts'

const barCells = 24
const redrawMs = 100

/** The bar as text: `███░░░ 1,200/12,000`. */
function barText(done: number, total: number, cells = barCells): string {
  const part = total > 0 ? Math.min(1, done / total) : 1
  const full = Math.floor(part * cells)
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${shownCount(done)}/${shownCount(total)}`
}

export function shownCount(count: number): string {
  return count.toLocaleString('en-US')
}

export class Progress {
  readonly #what: string
  readonly #total: number
  readonly #quiet: boolean
  readonly #terminal = process.stderr.isTTY === true
  #drawnAt = Number.NEGATIVE_INFINITY
  #quarter = 0

  constructor(what: string, total: number, quiet: boolean) {
    this.#what = what
    this.#total = total
    this.#quiet = quiet
  }

  /** `done` so far; `more` is said behind it. */
  show(done: number, more = ''): void {
    if (this.#quiet) return
    if (!this.#terminal) return this.#line(done, more)
    const now = performance.now()
    if (now - this.#drawnAt < redrawMs && done < this.#total) return
    this.#drawnAt = now
    redrawLine(`  ${this.#what}  ${barText(done, this.#total)}${more}`)
  }

  /** Leaves the terminal's line empty for what follows. */
  end(): void {
    if (!this.#quiet && this.#terminal) redrawLine('')
  }

  #line(done: number, more: string): void {
    const quarter = Math.floor((4 * done) / Math.max(1, this.#total))
    if (quarter === this.#quarter) return
    this.#quarter = quarter
    printLine(`  ${this.#what}: ${quarter * 25} %${more}`)
  }
}
