/**
 * Where an owner's hints lie: how many in each of 65,536 parts of the ring. Hints of all owners
 * share one order, that of tokens, so that whoever hands over a living owner's few would else
 * look at all those of the dead.
 */
import type { NodeId, Token } from '../ids.ts'

export class Places {
  readonly #counts = new Map<NodeId, Uint32Array>()

  count(owner: NodeId, token: Token, more: number): void {
    const counts = this.#counts.get(owner) ?? new Uint32Array(places)
    this.#counts.set(owner, counts)
    const place = placeOf(token)
    counts[place] = (counts[place] ?? 0) + more
  }

  forget(owner: NodeId): void {
    this.#counts.delete(owner)
  }

  /** The first place from this one on that has something of the owner's. */
  next(owner: NodeId, from: number): number | undefined {
    const counts = this.#counts.get(owner)
    if (counts === undefined) return undefined
    for (let place = from; place < places; place++) if (counts[place] !== 0) return place
    return undefined
  }
}

export function placeOf(token: string): number {
  return token.charCodeAt(0) * 256 + token.charCodeAt(1)
}

const places = 65_536
