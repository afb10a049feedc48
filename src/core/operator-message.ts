/** What an operator asks of one node, beside the data, and the answers. */
import type { ExchangeReply, ExchangeRequest } from './entropy/exchange-status.ts'
import type { HintsReply, HintsRequest } from './handoff/hints-message.ts'

export type OperatorRequest = HintsRequest | ExchangeRequest
export type OperatorReply = HintsReply | ExchangeReply
