/** A call of the client's machine as it is right after it began. */
import type { Instant } from '../../src/core/ids.ts'
import type { Call, CallId, Wanted } from '../../src/core/session/call.ts'

export function routedCall(wanted: Wanted, fields: Partial<Call> = {}): Call {
  return {
    id: 1 as CallId,
    wanted,
    via: undefined,
    deadline: 1000 as Instant,
    tryLimitMs: 250,
    partition: undefined,
    op: undefined,
    clocks: undefined,
    open: [],
    asked: [],
    unsure: false,
    refusals: 0,
    lastFailure: undefined,
    explained: undefined,
    dueAt: 0 as Instant,
    waitingSince: undefined,
    ...fields,
  }
}
