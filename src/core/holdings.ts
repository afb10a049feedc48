/**
 * What is held for whom, and one bound over it all. A holder may take more as long as all that it
 * has then is no more than what nobody has: one alone comes to half of the bound, n of them to
 * one part in n + 1 each. So the largest is refused first, a newcomer always finds room, and
 * nobody needs to be told how many there are (the dynamic thresholds of shared-memory switches,
 * Choudhury and Hahne 1998).
 */
import type { Brand } from './brand.ts'
import type { NodeId } from './ids.ts'

/** A client over all of its connections, or a member in whose name others' puts come. */
export type Holder = Brand<string, 'Holder'>

export class Holdings {
  readonly max: number
  readonly #held = new Map<Holder, number>()
  #total = 0

  constructor(max: number = heldBytesMax) {
    this.max = max
  }

  /** Of all holders together. */
  get total(): number {
    return this.#total
  }

  /** What nobody has. */
  get free(): number {
    return this.max - this.#total
  }

  of(holder: Holder): number {
    return this.#held.get(holder) ?? 0
  }

  fits(holder: Holder, amount: number): boolean {
    return this.of(holder) + amount <= this.free
  }

  /** Takes it if it fits. */
  take(holder: Holder, amount: number): boolean {
    if (!this.fits(holder, amount)) return false
    this.add(holder, amount)
    return true
  }

  /** Counts what is there already, or gives back (less than nothing). */
  add(holder: Holder, amount: number): void {
    const held = this.of(holder) + amount
    this.#total += amount
    if (held === 0) this.#held.delete(holder)
    else this.#held.set(holder, held)
  }
}

/** Whoever puts through another node is known here by that node. */
export function holderThrough(node: NodeId): Holder {
  return node as string as Holder
}

/** A client: no node has such a name. */
export function holderOfClient(name: string): Holder {
  return `#${name}` as Holder
}

/** Bytes that a node holds for clients: frames, requests, what was read and made, unread replies. */
const heldBytesMax = 128 * 1024 * 1024
