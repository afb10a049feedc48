/** Where the answers of other members go, and what did not reach them or cannot be said to them. */
import { mutant, sometimes } from '#mutants'
import type { Exchange } from './entropy/exchange.ts'
import type { Instant, NodeId } from './ids.ts'
import { isPeerReply, isPeerRequest, type PeerReply } from './message-class.ts'
import type { OwedHints } from './quorum/owed-hints.ts'
import type { Reaping } from './reaping/reaping.ts'
import type { Requests } from './requests.ts'
import type { Effect, Input } from './step.ts'
import { failInstead, insteadOf, refusalOf, unsentFailure } from './unsent.ts'

type Parts = {
  readonly requests: Requests
  readonly owed: OwedHints
  readonly exchange: Exchange
  readonly reaping: Reaping
}

export class Answers {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  take(from: NodeId, answer: PeerReply, now: Instant, out: Effect[]): void {
    switch (answer.type) {
      case 'compared':
      case 'differing':
      case 'fetched':
        return this.#parts.exchange.answered(from, answer, now, out)
      case 'rounded':
        return this.#parts.reaping.answered(from, answer, now, out)
      case 'stored':
        if (this.#parts.owed.answered(from, answer)) return
        return this.#parts.requests.answered(from, answer, now, out)
      case 'handed':
      case 'held':
      case 'listed':
      case 'forwarded':
        return this.#parts.requests.answered(from, answer, now, out)
    }
  }

  /**
   * A message of this turn did not leave. Gossip is said again in its next round; nobody waits
   * for it.
   */
  unsent(input: Extract<Input, { type: 'unsent' }>, now: Instant, out: Effect[]): void {
    const { to, message, why } = input
    if (mutant(670)) return
    const failure = unsentFailure(why, to)
    if (isPeerRequest(message)) {
      sometimes(`a request cannot be sent: ${why}`)
      return this.take(to, refusalOf(message, failure), now, out)
    }
    // Whoever lost the connection that it asked on knows that nothing comes.
    if (!isPeerReply(message) || why === 'gone') return
    const instead = insteadOf(message, failure)
    if (instead === undefined) return
    sometimes(`a reply cannot be sent: ${why}`)
    out.push({ type: 'send', to, message: instead })
  }

  /** A reply of this turn did not leave; the client's request is still open. */
  unreplied({ caller, reply, why }: Extract<Input, { type: 'unreplied' }>, out: Effect[]): void {
    const instead = failInstead(reply, why)
    if (instead === undefined || mutant(670)) return
    sometimes(`a client's reply cannot be sent: ${why}`)
    out.push({ type: 'reply', caller, reply: instead })
  }
}
