import t from 'tap'
import { proofsDocument, proofsLines, proofsNotes } from '../../src/cli/proofs-view.js'
import type { ExchangeReply } from '../../src/core/entropy/exchange-status.ts'
import type { NodeId } from '../../src/core/ids.ts'

const now = 1_700_000_000_000
const none = { last: 0, most: 0, times: 0, total: 0 }
const some = { last: 28, most: 203, times: 2, total: 231 }
const [n1, n2, n3] = ['n1', 'n2', 'n3'] as NodeId[] as [NodeId, NodeId, NodeId]

function exchangeIs(node: NodeId, more: Partial<ExchangeReply>): ExchangeReply {
  const told = { paused: false, ready: true, pairs: [], runs: [], left: 0 }
  return { type: 'exchange-is', id: 1, node, ...told, ...more }
}

const idle = { running: undefined, failures: 0, repairs: none }
const round = {
  answers: [
    exchangeIs(n1, {
      pairs: [
        { peer: n2, shared: 1234, equalAt: now - 185_000, ...idle, repairs: some },
        { peer: n3, shared: 100, equalAt: 0, ...idle, running: { ms: 250, repaired: 1 } },
      ],
      runs: [
        { peer: n3, first: 3, last: 3, partitions: 1, equalAt: 0, repairs: none },
        { peer: n2, first: 8, last: 9, partitions: 2, equalAt: now - 185_000, repairs: some },
        { peer: n2, first: 0, last: 255, partitions: 98, equalAt: now - 8000, repairs: none },
        { peer: n3, first: 4, last: 99, partitions: 99, equalAt: now - 5000, repairs: none },
      ],
      left: 4,
    }),
    exchangeIs(n2, {
      paused: true,
      pairs: [
        { peer: n3, shared: 90, equalAt: now - 9000, ...idle },
        { peer: n1, shared: 1234, equalAt: 0, ...idle, repairs: { ...some, last: 1, total: 9 } },
      ],
      runs: [
        { peer: n3, first: 0, last: 9, partitions: 9, equalAt: now - 9000, repairs: none },
        { peer: n1, first: 5, last: 5, partitions: 1, equalAt: 0, repairs: none },
      ],
    }),
  ],
  silent: ['n3'],
}

t.test('a row a pair, whoever said it, then what is behind or was repaired', async t => {
  t.same(proofsLines(round, now), [
    'PAIR   PARTITIONS  PROVED EQUAL  LAST  MEAN  MAX  REPAIRED  NOW',
    'n1 n2       1,234    3m 05s ago    28    60  203       240  –',
    'n1 n3         100         never     0     0    0         0  comparing for 250ms, 1 key',
    'n2 n3          90      9.0s ago     0     0    0         0  paused',
    '',
    'PAIR   RANGE   PARTITIONS  PROVED EQUAL  LAST  MEAN  MAX  REPAIRED',
    'n1 n3  p3               1         never     0     0    0         0',
    'n1 n2  p8..p9           2    3m 05s ago    28   116  203       231',
  ])
  t.same(proofsNotes(round), ['paused on n2: kv repair resume', 'n3 does not answer'])
})

t.test('nothing to compare, much to show', async t => {
  t.same(proofsLines({ answers: [], silent: [] }, now), ['no pair of members shares a partition'])
  const runs = Array.from({ length: 30 }, (_, i) => {
    return { peer: n2, first: i, last: i, partitions: 1, equalAt: now - i, repairs: some }
  })
  const pairs = [{ peer: n2, shared: 30, equalAt: now, ...idle, failures: 2 }]
  const lines = proofsLines({ answers: [exchangeIs(n1, { pairs, runs })], silent: [] }, now)
  t.equal(lines.length, 2 + 1 + 21 + 1)
  t.equal(lines.at(-1), '10 more ranges: --json shows all')
  t.match(lines[1], /2 failures$/)
  const starts = { answers: [exchangeIs(n1, { ready: false })], silent: [] }
  t.same(proofsNotes(starts), ['n1 just started: it does not compare yet'])
})

t.test('the document', async t => {
  const repairs = { last: 28, mean: 60, max: 203, times: 4, total: 240 }
  t.match(proofsDocument(round, now), {
    paused: ['n2'],
    notReady: [],
    provedEqual: null,
    ageMs: null,
    pairs: [
      { nodes: ['n1', 'n2'], partitions: 1234, ageMs: 185_000, repairs, running: null },
      { nodes: ['n1', 'n3'], provedEqual: null, ageMs: null, running: { ms: 250, keys: 1 } },
      { nodes: ['n2', 'n3'], provedEqual: '2023-11-14T22:13:11.000Z' },
    ],
    ranges: [{ nodes: ['n1', 'n3'], first: 3 }, { first: 8, last: 9, partitions: 2 }, {}, {}, {}],
    rangesLeft: 4,
    unreached: ['n3'],
  })
})
