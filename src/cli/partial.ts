/**
 * `--partial` of what lists keys: short of a quorum it goes on with what can be seen. What was
 * missing is gathered over all pages, told once, and told by the exit code.
 */
import * as Flags from '@oclif/core/flags'
import type { Client, KeyPage, KeysOptions } from '../client/index.ts'
import { encodedKey } from './encoding.ts'
import { exitOf } from './exit-codes.ts'
import { counted } from './render.ts'
import { visibleBytes } from './visible.ts'

export const partialFlag = {
  partial: Flags.boolean({
    description: 'short of a quorum go on with what can be seen, say so, and end with 5',
  }),
}

export const partialExit = exitOf('QUORUM')

export class Missing {
  #partitions = 0
  #last: number | undefined
  readonly #reasons = new Set<string>()
  /** Keys that were listed, and that no replica could be read of. */
  unread = 0
  /** Keys whose versions fit into no message. */
  readonly tooLarge: Uint8Array[] = []

  /** A page that begins in the partition in which the one before ended names it again. */
  add(missing: KeyPage['missing']): void {
    if (missing === undefined) return
    this.#partitions += missing.partitions - (missing.first === this.#last ? 1 : 0)
    this.#last = missing.last
    this.#reasons.add(missing.why)
  }

  get some(): boolean {
    return this.#partitions > 0 || this.unread > 0 || this.tooLarge.length > 0
  }

  /** Under `--json`. */
  get shown() {
    const tooLarge = this.tooLarge.map(key => encodedKey(key))
    return { partitions: this.#partitions, why: this.#why, unread: this.unread, tooLarge }
  }

  /** For a person. */
  line(what: string): string {
    const said: string[] = []
    const partitions = counted(this.#partitions, 'partition')
    if (this.#partitions > 0) said.push(`up to ${partitions} without a quorum (${this.#why})`)
    if (this.unread > 0) said.push(`${counted(this.unread, 'listed key')} could not be read`)
    const may = this.tooLarge.length > 0 ? 'lacks' : 'may lack'
    if (this.tooLarge.length > 0) said.push(this.tooLargeText)
    return `kv: ${what} ${may} keys: ${said.join('; ')}`
  }

  /** Names the first of them. */
  get tooLargeText(): string {
    const names = this.tooLarge.slice(0, namedMax).map(key => visibleBytes(key))
    const more = this.tooLarge.length - names.length
    const all = more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ')
    const are = this.tooLarge.length === 1 ? 'is' : 'are'
    return `${counted(this.tooLarge.length, 'key')} ${are} too large to be read (${all})`
  }

  get #why(): string {
    return [...this.#reasons].slice(0, reasonsMax).join('; ')
  }
}

/** Every key, page by page; what is missing is added. */
export async function* listedKeys(
  client: Client,
  options: KeysOptions,
  missing: Missing,
): AsyncGenerator<string | Uint8Array, void, undefined> {
  let cursor: Uint8Array | undefined
  do {
    const page: KeyPage = await client.keyPage(
      cursor === undefined ? options : { ...options, cursor },
    )
    missing.add(page.missing)
    yield* page.keys
    cursor = page.cursor
  } while (cursor !== undefined)
}

const reasonsMax = 3
const namedMax = 10
