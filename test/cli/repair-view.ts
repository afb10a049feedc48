import t from 'tap'
import {
  endText,
  moveDocument,
  moveLine,
  progressText,
  statusText,
  sumDocument,
  sumOf,
  warningsOf,
} from '../../src/cli/repair-view.js'
import type { RepairProgress } from '../../src/core/entropy/repair-message.ts'
import type { Actor, Key, NodeId, Token } from '../../src/core/ids.ts'
import type { InspectReply } from '../../src/core/message.ts'
import { noProgress } from '../helpers/repair-progress.ts'

const [n1, n2, n3] = ['n1', 'n2', 'n3'] as NodeId[] as [NodeId, NodeId, NodeId]
const progress = (more: Partial<RepairProgress>): RepairProgress => ({
  ...noProgress,
  job: 'r-7f2',
  way: 'repair',
  ms: 1000,
  partitions: 32,
  done: 32,
  compared: 100,
  ...more,
})
const some = [
  progress({ keys: 200, copies: 203, bytes: 1_200_000, perNode: [[n3, 203]] }),
  progress({
    running: true,
    done: 8,
    ms: 3000,
    keys: 31,
    perNode: [
      [n3, 1],
      [n2, 27],
    ],
  }),
]

t.test('the nodes together, and the time left', async t => {
  t.equal(sumOf([]), undefined)
  const sum = sumOf(some)!
  t.match(sum, { done: 40, partitions: 64, keys: 231, ms: 3000, etaMs: 1800, running: true })
  t.equal(progressText(sum), '  231 keys  1.2 MB  ~1.8s left')
  t.equal(statusText(sum), 'r-7f2 runs: 40 of 64 partitions, 231 keys, 1.2 MB, ~1.8s left')
  t.match(sumDocument(sum), { id: 'r-7f2', perNode: { n2: 27, n3: 204 }, etaMs: 1800, left: 0 })
  t.match(sumDocument(sumOf([progress({})])!), { etaMs: null, unreached: {}, left: 0 })
})

t.test('what it came to', async t => {
  const end = (more: Partial<RepairProgress>) => endText(sumOf([progress(more)])!)
  const perNode = [
    [n2, 1],
    [n3, 1],
  ] as const
  t.equal(end({}), 'nothing differs: 32 partitions in 1.0s')
  const unproved = [{ by: n2, node: n3, why: 'waits', partitions: 3 }] as const
  t.match(end({ unproved }), /^nothing differs of what was compared: 32 partitions/)
  t.equal(
    end({ keys: 1, bytes: 90, perNode }),
    'repaired 1 key (copies on n2 1, n3 1; 90 B), 32 partitions in 1.0s',
  )
  t.match(end({ keys: 1, way: 'check', perNode }), /^1 key differs \(copies lacking n2 1, n3 1; /)
  t.match(end({ keys: 1200, way: 'check', perNode }), /^1,200 keys differ \(/)
  t.match(end({ keys: 2, way: 'preview', perNode }), /^2 keys would be repaired \(copies to n2 1/)
  t.match(statusText(sumOf([progress({})])!), /^r-7f2 has ended: nothing differs/)
  t.equal(end({ keys: 1 }), '1 key differs, and no copy moved: 32 partitions in 1.0s')
  t.match(end({ keys: 2, way: 'check' }), /^2 keys differ, and no copy would move: 32 /)
  t.match(end({ keys: 1, done: 12, perNode }), / 12 of 32 partitions in 1\.0s$/, 'cancelled')
})

t.test('what a scrub found', async t => {
  const end = (more: Partial<RepairProgress>) => endText(sumOf([progress(more)])!)
  t.equal(end({ way: 'scrub', rows: 1 }), 'read 1 row in 1.0s: all sound')
  t.equal(
    end({ way: 'scrub', rows: 5000, damaged: 1, drifted: 2 }),
    'read 5,000 rows in 1.0s: 1 damaged and kept aside, 2 sums wrong and put right',
  )
  t.equal(
    end({ way: 'verify', rows: 5000, drifted: 1 }),
    'read 5,000 rows in 1.0s: 0 damaged, 1 sum wrong',
  )
  const runs = sumOf([progress({ way: 'scrub', running: true, done: 8, rows: 700 })])!
  t.equal(statusText(runs), 'r-7f2 runs: 8 of 32 partitions, 700 rows, ~3.0s left')
})

t.test('what was not reached, and what still differs', async t => {
  const unproved = [
    { by: n1, node: n2, partitions: 3, why: 'silent' },
    { by: n1, node: n3, partitions: 1, why: 'written' },
  ] as const
  const sum = sumOf([progress({ unproved })])!
  t.same(warningsOf(sum), [
    'n2 was not reached: 3 partitions not compared with it',
    '1 partition still differs: what is in it is written all the time',
  ])
  t.match(sumDocument(sum), {
    left: 1,
    unreached: { n2: 3 },
    unproved: [{ nodes: ['n1', 'n2'], partitions: 3, why: 'silent' }, {}],
  })
  t.same(warningsOf(sumOf(some)!), [])
})

t.test('a move, with what both hold', async t => {
  const move = { key: 'k\xff' as Key, from: n1, to: n2, bytes: 90 }
  const dot = { actor: 'actor-01' as Actor, counter: 5 }
  const versions = [{ dot, tombstone: false, bytes: 12, via: n1 }]
  const held: InspectReply = {
    type: 'inspected',
    id: 1,
    token: 'tokentok' as Token,
    replicas: [
      { node: n1, whole: true, versions },
      { node: n2, whole: true, versions: [] },
    ],
  }
  t.match(
    moveLine(move, held),
    /^0x6bff: n1 -> n2, 90 bytes; n1 has \{n1[^}]*:5\} 12 bytes; n2 has nothing$/,
  )
  t.equal(moveLine({ ...move, key: 'cart:7' as Key }, undefined), 'cart:7: n1 -> n2, 90 bytes')
  t.match(moveDocument(move, held), {
    type: 'move',
    key: 'a/8=',
    keyEncoding: 'base64',
    held: { n1: [{ bytes: 12, tombstone: false }], n2: [] },
  })
  t.match(moveDocument(move, undefined), { held: { n1: null, n2: null } })
})
