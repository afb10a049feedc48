/** What an operator asks of one node, beside the data, and the answers. */
import type { ExchangeReply, ExchangeRequest } from './entropy/exchange-status.ts'
import type { RepairReply, RepairRequest } from './entropy/repair-message.ts'
import type { HintsReply, HintsRequest } from './handoff/hints-message.ts'

export type OperatorRequest = HintsRequest | ExchangeRequest | RepairRequest
export type OperatorReply = HintsReply | ExchangeReply | RepairReply
