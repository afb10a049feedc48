/**
 * An operation takes effect once: each play ends well with the code as it is, and otherwise with
 * the known-bad version that it is for.
 */
import t from 'tap'
import type * as ahead from '../helpers/ahead-scenario.ts'
import type * as split from '../helpers/pins-scenarios.ts'
import type * as shedding from '../helpers/pins-shedding.ts'
import { endsOtherwise, type Play } from '../helpers/plays.ts'

type Name = keyof typeof split | keyof typeof shedding | keyof typeof ahead
/** The play, its known-bad version, how it ends, and how it ends then. */
const plays: readonly Play<Name>[] = [
  // No pins at all; none for a put that ended in doubt.
  ['splitAndRetry', 634, 'once', 'back'],
  ['splitAndRetryMirrored', 633, 'once', 'back'],
  // Pins in records only; cut at a merge; none for known ids.
  ['contextWithoutPin', 620, 'once', 'back'],
  ['threePins', 621, 'once', 'back'],
  ['knownThenIsland', 622, 'once', 'back'],
  // Shed at the mark, at the turn, when all are equal.
  ['hintBehindTurn', 623, 'once', 'back'],
  ['hintBehindTurn', 624, 'once', 'back'],
  ['hintBehindTurn', 625, 'once', 'back'],
  // A primary without the pin marks; later pins are shed, too.
  ['oneLacksThePin', 626, 'once', 'back'],
  ['pinnedMeanwhile', 627, 'once', 'back'],
  // A primary takes a pin of which it can say nothing.
  ['plantedPin', 635, 'VALUE', 'lost'],
  // The generation raised by a read; the ids of the base only; a retry reads a new context.
  ['reapedThenAgain', 628, 'once', 'back'],
  ['newerContext', 629, 'over', 'lost'],
  ['oppositeOrders', 630, 'over', 'lost'],
  // A strict second send makes a dot though too few owners could be asked.
  ['strictUnasked', 632, 'QUORUM, once', 'wrote, back'],
  // A client draws another id though the first send may have taken effect.
  ['aheadInDoubt', 661, 'one id, TIMEOUT', 'several ids'],
  // A reply's context drops the eighth id.
  ['eighthId', 631, 'RETRY_EXPIRED, low', 'wrote, lost'],
]

t.test('each ends well, and otherwise with its known-bad version', t =>
  endsOtherwise(t, ['pins-scenarios', 'pins-shedding', 'ahead-scenario'], plays),
)
