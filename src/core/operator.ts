/** What an operator asks of this node, beside the data: hints, comparing, repair, counts. */
import { countPage } from './count.ts'
import type { Exchange } from './entropy/exchange.ts'
import type { Handoff } from './handoff/handoff.ts'
import type { Hash } from './hash.ts'
import type { Instant, NodeId } from './ids.ts'
import type { OperatorReply, OperatorRequest } from './operator-message.ts'
import type { Effect, Store } from './step.ts'
import type { Wholeness } from './wholeness/wholeness.ts'

type Parts = {
  readonly self: NodeId
  readonly hash: Hash
  readonly reads: Store
  readonly handoff: Handoff
  readonly exchange: Exchange
  readonly wholeness: Wholeness
}

export class Operator {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  asked(request: OperatorRequest, now: Instant, out: Effect[]): OperatorReply {
    const { self, hash, reads, handoff, exchange, wholeness } = this.#parts
    const { id } = request
    switch (request.type) {
      case 'hints':
        if (request.drain !== undefined) handoff.drain(request.drain, now, out)
        return handoff.reply(id)
      case 'exchange':
        if (request.pause !== undefined) exchange.pause(request.pause)
        return exchange.reply(id, now)
      case 'repair':
        return exchange.repair.asked(request, now)
      case 'wholeness':
        return wholeness.answer(request)
      case 'count':
        return { type: 'counts-are', id, node: self, ...countPage(hash, reads, request.after) }
    }
  }
}
