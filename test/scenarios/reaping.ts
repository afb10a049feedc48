/**
 * Deletes stay deleted: each play ends well with the code as it is, and otherwise
 * with the known-bad version that it is for.
 */
import t from 'tap'
import { endsOtherwise, type Play } from '../helpers/plays.ts'
import type * as restarts from '../helpers/reaping-restarts.ts'
import type { scenarios } from '../helpers/reaping-scenarios.ts'

type Name = keyof typeof scenarios | keyof typeof restarts
/** The play, its known-bad version, how it ends, and how it ends then. */
const plays: readonly Play<Name>[] = [
  ['copyInFlight', 253, 'gone', 'back'],
  ['lateRead', 600, 'gone', 'back'],
  ['hintWaits', 251, 'waits, then gone', 'a hint is stuck'],
  ['onePrimaryMissed', 252, 'waits', 'back'],
  ['lateRetry', 38, 'gone', 'back'],
  ['lateHint', 39, 'gone', 'a hint is stuck'],
  ['givenUpRound', 40, 'gone', 'back'],
  ['pendingCopy', 674, 'gone', 'back'],
  ['pinsAfterReap', 676, 'away', 'back for a while'],
  ['refillAfterReap', 601, 'taken', 'thrown away'],
]

t.test('each ends well, and otherwise with its known-bad version', t =>
  endsOtherwise(t, ['reaping-scenarios', 'reaping-restarts'], plays),
)
