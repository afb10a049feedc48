/** What one repair has done on this node so far. */
import type { TooLarge } from '../carrier.ts'
import type { Key, NodeId } from '../ids.ts'
import {
  type Move,
  movesMax,
  tooLargeMax,
  type Unproved,
  type UnprovedWhy,
} from './repair-message.ts'

export class Tally {
  /** Partitions that it is through with. */
  done = 0
  keys = 0
  copies = 0
  bytes = 0
  compared = 0
  rows = 0
  damaged = 0
  drifted = 0
  /** Of a preview, the first of them, and how many there were. */
  readonly moves: Move[] = []
  movesTotal = 0
  readonly #perNode = new Map<NodeId, number>()
  readonly #unproved = new Map<string, Omit<Unproved, 'by'>>()
  readonly #tooLarge = new Map<Key, TooLarge>()

  get perNode(): readonly (readonly [NodeId, number])[] {
    return sorted(this.#perNode)
  }

  /** What was not proved equal, by owner and reason. */
  get unproved(): readonly Omit<Unproved, 'by'>[] {
    return [...this.#unproved].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  }

  /** Keys that differ and cannot be sent, the first of them. */
  get tooLarge(): readonly TooLarge[] {
    return [...this.#tooLarge.values()]
  }

  leave(one: TooLarge): void {
    if (this.#tooLarge.size < tooLargeMax) this.#tooLarge.set(one.key, one)
  }

  /** A copy went to this node. */
  moved(to: NodeId, bytes: number): void {
    this.copies++
    this.bytes += bytes
    this.#perNode.set(to, (this.#perNode.get(to) ?? 0) + 1)
  }

  /** Copies that would move. */
  preview(moves: readonly Move[]): void {
    for (const move of moves) {
      this.moved(move.to, move.bytes)
      if (this.moves.length < movesMax) this.moves.push(move)
    }
    this.movesTotal += moves.length
  }

  /** So many partitions that are shared with this owner were not proved equal. */
  leaveOut(node: NodeId, partitions: number, why: UnprovedWhy): void {
    const name = `${node} ${why}`
    const before = this.#unproved.get(name)?.partitions ?? 0
    this.#unproved.set(name, { node, partitions: before + partitions, why })
  }
}

function sorted(counts: ReadonlyMap<NodeId, number>): readonly (readonly [NodeId, number])[] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
}
