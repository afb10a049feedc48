/**
 * The pages of a data file, as LMDB lays rows on them: a sorted tree whose pages are never
 * changed in place, values of several pages side by side, and a file that grows and never
 * shrinks. A commit takes its pages before it lets any go, and what it lets go of is free for the
 * commit after the next.
 */
import { compareBinary } from '../core/binary.ts'
import type { Row, RowKey } from '../core/step.ts'

/** A row on its leaf; `pages`: of its value, if it has pages of its own. */
type Item = { readonly key: RowKey; readonly bytes: number; readonly pages: readonly number[] }
type Leaf = { readonly page: number; readonly items: readonly Item[] }

/** The file as a commit left it. Nobody changes it. */
export type Pages = {
  readonly leaves: readonly Leaf[]
  readonly branches: readonly number[]
  /** Where the list of what is free is kept. */
  readonly aside: readonly number[]
  /** In ascending order. */
  readonly free: readonly number[]
  /** Let go by the last commit. */
  readonly letGo: readonly number[]
  /** The first page behind the last. */
  readonly end: number
}

export const noPages: Pages = {
  leaves: [],
  branches: [],
  aside: [],
  free: [],
  letGo: [],
  end: 2,
}

export const pageBytes = 4096

/** Bytes of pages that rows are on, and of those that are free. */
export function usedAndFree(pages: Pages): { readonly used: number; readonly free: number } {
  const { end, aside, free, letGo } = pages
  const unused = free.length + letGo.length
  return {
    used: (end - noPages.end - aside.length - unused) * pageBytes,
    free: unused * pageBytes,
  }
}

/** The file after one more commit. */
export function commit(pages: Pages, rows: readonly Row[]): Pages {
  const draft = new Draft(pages)
  for (const row of rows) draft.put(row)
  return draft.end()
}

class Draft {
  readonly #leaves: Leaf[]
  readonly #before: Pages
  readonly #free: number[]
  readonly #letGo: number[] = []
  /** Pages that this commit has written already. */
  readonly #written = new Set<number>()
  #end: number

  constructor(before: Pages) {
    this.#before = before
    this.#leaves = [...before.leaves]
    this.#free = [...before.free]
    this.#end = before.end
  }

  put({ key, value }: Row): void {
    const at = this.#leafOf(key)
    const items = [...(this.#leaves[at]?.items ?? [])]
    const place = items.findIndex(item => compareBinary(item.key, key) >= 0)
    const found = items[place]
    const isThere = found?.key === key
    if (value === undefined && !isThere) return
    if (isThere) for (const page of found.pages) this.#release(page)
    const page = this.#touch(this.#leaves[at]?.page)
    const next = value === undefined ? [] : [this.#item(key, value.length)]
    items.splice(place < 0 ? items.length : place, isThere ? 1 : 0, ...next)
    this.#leaves.splice(at, 1, ...this.#fitted(page, items))
    this.#merge(at)
  }

  end(): Pages {
    const branches = this.#branches()
    const aside = this.#listed()
    const free = [...this.#free, ...this.#before.letGo].sort((a, b) => a - b)
    return { leaves: this.#leaves, branches, aside, free, letGo: this.#letGo, end: this.#end }
  }

  /** The last leaf that begins at the key or before it. */
  #leafOf(key: RowKey): number {
    let [low, high] = [0, this.#leaves.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const first = this.#leaves[middle]?.items[0]?.key ?? ''
      if (compareBinary(first, key) <= 0) low = middle
      else high = middle - 1
    }
    return low
  }

  #item(key: RowKey, length: number): Item {
    const whole = itemBytes + key.length + length
    if (whole <= inLeafMax) return { key, bytes: whole, pages: [] }
    const pages = this.#take(Math.floor((length + 15) / pageBytes) + 1)
    return { key, bytes: itemBytes + key.length + 8, pages }
  }

  /** The items on this page, and on others if they do not fit there. */
  #fitted(page: number, items: readonly Item[]): readonly Leaf[] {
    if (items.length === 0) {
      this.#release(page)
      return []
    }
    if (bytesOf(items) <= leafBytes) return [{ page, items }]
    const half = Math.ceil(items.length / 2)
    return [
      ...this.#fitted(page, items.slice(0, half)),
      ...this.#fitted(this.#touch(undefined), items.slice(half)),
    ]
  }

  /** A leaf that is nearly empty goes into its neighbour, if it fits there. */
  #merge(at: number): void {
    const left = at > 0 && at === this.#leaves.length - 1 ? at - 1 : at
    const [first, second] = [this.#leaves[left], this.#leaves[left + 1]]
    if (first === undefined || second === undefined) return
    const [a, b] = [bytesOf(first.items), bytesOf(second.items)]
    if (Math.min(a, b) > leafBytes / 4 || a + b > leafBytes) return
    const page = this.#touch(first.page)
    this.#release(second.page)
    this.#leaves.splice(left, 2, { page, items: [...first.items, ...second.items] })
  }

  /** The pages above the leaves that were written are written anew. */
  #branches(): readonly number[] {
    const before = [...this.#before.branches]
    const after: number[] = []
    let touched = new Set<number>()
    for (const [i, { page }] of this.#leaves.entries()) {
      if (this.#written.has(page)) touched.add(Math.floor(i / branchItems))
    }
    for (let count = this.#leaves.length; count > 1; ) {
      count = Math.ceil(count / branchItems)
      for (let i = 0; i < count; i++) {
        const page = before.shift()
        after.push(page === undefined || touched.has(i) ? this.#touch(page) : page)
      }
      touched = new Set([...touched].map(i => Math.floor(i / branchItems)))
    }
    for (const page of before) this.#release(page)
    return after
  }

  /** The list of what is free: two of its pages are written anew, and what it needs more. */
  #listed(): readonly number[] {
    const list = [...this.#before.aside]
    for (const page of list.splice(-2)) this.#release(page)
    const listed = this.#free.length + this.#before.letGo.length + this.#letGo.length
    const needed = 1 + Math.ceil((8 * listed) / leafBytes)
    while (list.length < needed) list.push(...this.#take(1))
    for (const page of list.splice(needed)) this.#release(page)
    return list
  }

  /** The page in its place that this commit writes. */
  #touch(page: number | undefined): number {
    if (page !== undefined && this.#written.has(page)) return page
    if (page !== undefined) this.#release(page)
    return this.#take(1)[0] as number
  }

  #release(page: number): void {
    if (this.#written.delete(page)) this.#giveBack(page)
    else this.#letGo.push(page)
  }

  /** One that this commit took and did not need. */
  #giveBack(page: number): void {
    const at = this.#free.findIndex(other => other > page)
    this.#free.splice(at < 0 ? this.#free.length : at, 0, page)
  }

  /** Pages side by side: the first that are free, else behind the end of the file. */
  #take(count: number): readonly number[] {
    const at = this.#run(count)
    const taken =
      at === undefined
        ? Array.from({ length: count }, () => this.#end++)
        : this.#free.splice(at, count)
    for (const page of taken) this.#written.add(page)
    return taken
  }

  #run(count: number): number | undefined {
    for (let at = 0; at + count <= this.#free.length; at++) {
      const first = this.#free[at] as number
      if (this.#free[at + count - 1] === first + count - 1) return at
    }
    return undefined
  }
}

function bytesOf(items: readonly Item[]): number {
  let sum = 0
  for (const { bytes } of items) sum += bytes
  return sum
}

/** A page less its header. */
const leafBytes = pageBytes - 16
/** What an item takes beside its key and value. */
const itemBytes = 10
/** Longer ones get pages of their own. */
const inLeafMax = 2038
/** So many pages a page of the tree names, about. */
const branchItems = 50
