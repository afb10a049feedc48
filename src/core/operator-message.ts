/** What an operator asks of one node, beside the data, and the answers. */
import type { CountReply, CountRequest } from './count.ts'
import type { ExchangeReply, ExchangeRequest } from './entropy/exchange-status.ts'
import type { RepairReply, RepairRequest } from './entropy/repair-message.ts'
import type { HintsReply, HintsRequest } from './handoff/hints-message.ts'
import type { WholenessReply, WholenessRequest } from './wholeness/wholeness-message.ts'

export type OperatorRequest =
  | HintsRequest
  | ExchangeRequest
  | RepairRequest
  | CountRequest
  | WholenessRequest
export type OperatorReply = HintsReply | ExchangeReply | RepairReply | CountReply | WholenessReply
