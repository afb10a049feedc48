/**
 * Faults on purpose, as a table: for each peer and direction, which message is lost and when
 * another one goes on. It knows neither sockets nor timers; `faults.ts` does what it says.
 */
import type { Instant, NodeId } from '../core/ids.ts'
import type { FaultDirection, FaultRule } from '../core/message.ts'

/** A rule, and how far what it let pass has got. */
type Path = {
  readonly rule: FaultRule
  /** When the last message has left, at the rule's rate. */
  freeAt: number
  /** When the last message goes on: the next one does not overtake it. */
  dueAt: number
}

export class FaultRules {
  readonly #random: () => number
  readonly #paths = new Map<NodeId, Map<FaultDirection, Path>>()

  /** `random` draws from 0 to below 1. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** These and no others; of two for the same peer and direction the later one counts. */
  replace(rules: readonly FaultRule[]): void {
    this.#paths.clear()
    for (const rule of rules) {
      const paths = this.#paths.get(rule.peer) ?? new Map<FaultDirection, Path>()
      paths.set(rule.direction, { rule, freeAt: 0, dueAt: 0 })
      this.#paths.set(rule.peer, paths)
    }
  }

  list(): readonly FaultRule[] {
    return [...this.#paths.values()].flatMap(paths => [...paths.values()].map(({ rule }) => rule))
  }

  /** Is there a rule for what goes this way? */
  rules(peer: NodeId, direction: FaultDirection): boolean {
    return this.#paths.get(peer)?.has(direction) === true
  }

  /** True where one direction lets nothing pass: neither dials the other. */
  cuts(peer: NodeId): boolean {
    for (const { rule } of this.#paths.get(peer)?.values() ?? []) if (rule.drop >= 1) return true
    return false
  }

  /** When a message that comes now goes on; undefined: it is lost. It may have to wait or not. */
  due(
    now: Instant,
    peer: NodeId,
    direction: FaultDirection,
    bytes: number,
    mayWait = true,
  ): Instant | undefined {
    const path = this.#paths.get(peer)?.get(direction)
    if (path === undefined) return now
    const { drop, delayMs, jitterMs, rate } = path.rule
    if (drop >= 1 || (drop > 0 && this.#random() < drop)) return undefined
    const freeAt = rate === undefined ? now : Math.max(now, path.freeAt) + (bytes * 1000) / rate
    const jitter = jitterMs === 0 ? 0 : jitterMs * (2 * this.#random() - 1)
    const dueAt = Math.max(path.dueAt, freeAt + Math.max(0, delayMs + jitter))
    // What is lost takes none of the link.
    if (!mayWait && dueAt > now) return undefined
    path.freeAt = freeAt
    path.dueAt = dueAt
    return dueAt as Instant
  }
}
