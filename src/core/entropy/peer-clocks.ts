/**
 * How far other members' wall clocks are from this node's, as the answers of exchanges tell it: a
 * comparison goes by the earlier of two clocks, and people are told of a clock that is wrong.
 */
import type { Instant, NodeId, WallTime } from '../ids.ts'
import { nearest } from './clocks.ts'

export class PeerClocks {
  /** Their wall time when `now` was 0, so that a step of our own clock changes nothing. */
  readonly #atZero = new Map<NodeId, WallTime>()

  /** `bits`: the low 32 of that member's clock. */
  heard(from: NodeId, bits: number, wall: WallTime, now: Instant): void {
    this.#atZero.set(from, nearest(wall, bits) - now)
  }

  /** The clock to compare by: one that is far ahead would make what is in flight look old. */
  earlier(node: NodeId, wall: WallTime, now: Instant): WallTime {
    const atZero = this.#atZero.get(node)
    return atZero === undefined ? wall : Math.min(wall, Math.floor(atZero + now))
  }

  /**
   * Our clock less the middle one of the others': of two in the middle the one nearer to ours, for of
   * three nodes one alone is wrong. undefined: nobody has told.
   */
  aheadMs(wall: WallTime, now: Instant): number | undefined {
    const ahead = [...this.#atZero.values()].map(atZero => Math.round(wall - now - atZero))
    ahead.sort((a, b) => a - b)
    const [low, high] = [ahead[(ahead.length - 1) >>> 1], ahead[ahead.length >>> 1]]
    if (low === undefined || high === undefined) return undefined
    return Math.abs(low) <= Math.abs(high) ? low : high
  }
}
