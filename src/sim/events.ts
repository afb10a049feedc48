/** What will happen, by time and then by the order in which it was planned; never by address. */

/** Simulated time in whole microseconds since the world began. */
export type Micros = number

type Entry = { readonly at: Micros; readonly order: number; readonly run: () => void }

export class Events {
  readonly #heap: Entry[] = []
  #order = 0
  #now: Micros = 0

  get now(): Micros {
    return this.#now
  }

  get size(): number {
    return this.#heap.length
  }

  /** Plans something; never in the past. */
  at(at: Micros, run: () => void): void {
    const entry = { at: at < this.#now ? this.#now : at, order: this.#order++, run }
    this.#heap.push(entry)
    this.#rise(this.#heap.length - 1, entry)
  }

  after(delay: Micros, run: () => void): void {
    this.at(this.#now + delay, run)
  }

  /** Does the next thing that is due until then; false where there is none. */
  step(until: Micros): boolean {
    const first = this.#heap[0]
    if (first === undefined || first.at > until) {
      this.#now = until
      return false
    }
    const last = this.#heap.pop() as Entry
    if (this.#heap.length > 0) this.#sink(last)
    this.#now = first.at
    first.run()
    return true
  }

  #rise(from: number, entry: Entry): void {
    let at = from
    while (at > 0) {
      const up = (at - 1) >>> 1
      const parent = this.#heap[up] as Entry
      if (!isBefore(entry, parent)) break
      this.#heap[at] = parent
      at = up
    }
    this.#heap[at] = entry
  }

  #sink(entry: Entry): void {
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      const left = this.#heap[down]
      if (left === undefined) break
      const right = this.#heap[down + 1]
      if (right !== undefined && isBefore(right, left)) down++
      const child = this.#heap[down] as Entry
      if (!isBefore(child, entry)) break
      this.#heap[at] = child
      at = down
    }
    this.#heap[at] = entry
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
