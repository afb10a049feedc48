import t from 'tap'
import { hintAlarms, hintsDocument, hintsFor, hintsLines } from '../../src/cli/hints-view.js'
import { hintsAre } from '../helpers/hints.ts'

const now = 100_000_000
const round = {
  answers: [
    hintsAre('n4', { n2: [1234, 48_213, now - 185_000, 12], n3: [1, 20, now + 5] }),
    hintsAre('n5', { n2: [7, 700, now - 7_559_000], n1: [0, 0, 0, 3] }),
    hintsAre('n1', {}),
  ],
  silent: ['n2'],
}

t.test('the table, and what each holder may keep', async t => {
  t.same(hintsLines(round, now), [
    'HOLDER  FOR  HINTS    BYTES  OLDEST  HANDED OVER',
    'n4      n2   1,234  48.2 KB  3m 05s           12',
    'n4      n3       1     20 B     0ms            0',
    'n5      n2       7    700 B  2h 05m            0',
    'n5      n1       0      0 B       –            3',
    'n4 holds 48.2 KB of at most 51.2 GB',
    'n5 holds 700 B of at most 51.2 GB',
  ])
})

t.test('none held is one line', async t => {
  t.same(hintsLines({ answers: [], silent: [] }, now), ['no hints'])
  t.same(hintsLines({ answers: [hintsAre('n1', {})], silent: [] }, now), ['no hints'])
  const handed = hintsAre('n1', { n2: [0, 0, 0, 1200] })
  t.same(hintsLines({ answers: [handed], silent: [] }, now), ['no hints (1,200 handed over)'])
})

t.test('an owner that is away for more than an hour is an alarm', async t => {
  t.same(hintAlarms(round, now), ['n5 keeps 7 hints for n2, the oldest for 2h 05m'])
  const at = (ms: number) => {
    return hintAlarms({ answers: [hintsAre('n4', { n2: [1, 1, now - ms] })], silent: [] }, now)
  }
  t.equal(at(3_600_000).length, 0)
  t.same(at(3_600_001), ['n4 keeps 1 hint for n2, the oldest for 1h 00m'])
  t.same(hintAlarms({ answers: [hintsAre('n4', { n2: [0] })], silent: [] }, now), [])
})

t.test('the document', async t => {
  const document = hintsDocument(round, now)
  t.match(document, {
    held: 1242,
    hints: [
      { holder: 'n4', for: 'n2', hints: 1234, bytes: 48_213, ageMs: 185_000, handedOver: 12 },
      { holder: 'n4', for: 'n3' },
      { holder: 'n5', for: 'n2' },
      { holder: 'n5', for: 'n1', oldest: null, ageMs: null, handedOver: 3 },
    ],
    nodes: [
      { node: 'n4', hints: 1235, bytes: 48_233, bytesMax: 51_200_000_000 },
      { node: 'n5', hints: 7 },
      { node: 'n1', hints: 0, bytes: 0 },
    ],
    unreached: ['n2'],
  })
  t.equal(document.hints[0]?.oldest, new Date(now - 185_000).toISOString())
})

t.test('what one node keeps for another', async t => {
  t.equal(hintsFor(round.answers[0]!, 'n2'), 1234)
  t.equal(hintsFor(round.answers[0]!, 'n9'), 0)
})
