import t from 'tap'
import { nothing } from '../../src/cli/stats.js'
import { statsDocument, statsLines, statsWarnings } from '../../src/cli/stats-view.js'

const all = [
  {
    node: 'n1',
    counted: { ...nothing, keys: 1200, bytes: 70_000, tombstones: 3, tombstoneBytes: 300 },
    counters: new Map([
      ['hints', 4],
      ['exchanges', 30],
      ['exchangesEqual', 28],
      ['exchangeRepaired', 231],
      ['reapsHeldUpBy n3', 12],
      ['tombstones', 0],
      ['quarantined', 2],
      ['pins', 7],
      ['pinsWaitFor.n3', 1],
    ]),
  },
  { node: 'n2', counted: { ...nothing, keys: 9, damaged: 1, siblings: 2 }, counters: new Map() },
]

t.test('a row a node and one for all, then what is said of reaping', async t => {
  t.same(statsLines(all), [
    'NODE   KEYS    BYTES  TOMBSTONES  BYTES  SIBLINGS  HINTS  COMPARED  EQUAL  MENDED  READ REPAIRS',
    'n1    1,200  70.0 KB           3  300 B         0      4        30     28     231             0',
    'n2        9      0 B           0    0 B         2      0         0      0       0             0',
    'all   1,209  70.0 KB           3  300 B         2      4        30     28     231             0',
    'n1: reapsHeldUpBy n3 12, quarantined 2',
    '7 pins or more wait for n3 (1 partition)',
  ])
  t.same(statsWarnings(all), ['n2 holds 1 damaged row: kv repair --scrub --node n2'])
})

t.test('the document', async t => {
  t.match(statsDocument(all, ['n3']), {
    total: { keys: 1209, bytes: 70_000, tombstones: 3, siblings: 2, damaged: 1 },
    nodes: [{ node: 'n1', keys: 1200, counters: { exchangeRepaired: 231 } }, { node: 'n2' }],
    unreached: ['n3'],
  })
})
