/** Listings tell the truth: each play ends well, and otherwise with its known-bad version. */
import t from 'tap'
import type { scenarios } from '../helpers/listing-scenarios.ts'
import { endsOtherwise, type Play } from '../helpers/plays.ts'

/** The play, its known-bad version, what is listed, and what is listed then. */
const plays: readonly Play<keyof typeof scenarios>[] = [
  ['unwholeStore', 690, 'QUORUM', '[]'],
  ['missedDelete', 691, '[]', '[k]'],
]

t.test('each ends well, and otherwise with its known-bad version', t =>
  endsOtherwise(t, ['listing-scenarios'], plays),
)
