import t from 'tap'
import { pinsMax } from '../../../src/core/causality/pins.ts'
import type { Record } from '../../../src/core/causality/record.ts'
import { noSiblings, pinned, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Key, Partition, Token } from '../../../src/core/ids.ts'
import { Pending } from '../../../src/core/pending.ts'
import {
  entriesMax,
  idleEntries,
  kindOf,
  Reapable,
  withoutShed,
} from '../../../src/core/reaping/reapable.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { opOf } from '../../helpers/arbitrary-siblings.ts'
import { putOn } from '../../helpers/exchange-pair.ts'

const dead = (siblings: Siblings): Siblings => ({
  ...siblings,
  versions: siblings.versions.map(version => ({ ...version, tombstone: true })),
})
const entry = (i: number) => ({ actor: `${i}`.padStart(8, '-') as never, counter: 1 })

t.test('what may be cleaned', async t => {
  const value = putOn(noSiblings, 'a', 'v')
  t.equal(kindOf(value), undefined)
  t.equal(kindOf(noSiblings), undefined)
  t.equal(kindOf(dead(value)), 'tombstone')
  const both = putOn(value, 'b', 'w', noSiblings)
  t.equal(kindOf(dead(both)), 'tombstone', 'several of them and nothing else')
  const [first, ...others] = both.versions
  t.equal(kindOf({ ...both, versions: [{ ...first!, tombstone: true }, ...others] }), undefined)
  const entries = Array.from({ length: entriesMax }, (_, i) => entry(i))
  t.equal(kindOf({ ...value, vector: entries }), undefined)
  const long = { ...value, vector: [...entries, ...value.vector] }
  t.equal(kindOf(long), 'long')
  t.same(idleEntries(long), entries)
})

function start(disk = new Map<RowKey, Uint8Array>()) {
  const pending = new Pending<Record, string>()
  const reads = {
    get: (row: RowKey) => disk.get(row),
    range: (from: RowKey, to: RowKey, limit: number) =>
      [...disk]
        .filter(([key]) => key > from && key < to)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, value]) => ({ key, value })),
  }
  const reapable = new Reapable({ reads, pending, partitions: 16 })
  const flush = () => {
    const commit = pending.turn()
    if (commit?.type !== 'commit') return
    for (const { key, value } of commit.rows) {
      if (value === undefined) disk.delete(key)
      else disk.set(key, value)
    }
    pending.settle({ type: 'stored', commit: commit.commit, result: 'durable' })
  }
  return { disk, reapable, flush }
}
const tokenAt = (top: number, rest = '') =>
  (String.fromCharCode(top) + rest).padEnd(8, '\0') as Token
const k = 'k' as Key

t.test('counts are exact, whatever is pending, and the same after a restart', async t => {
  const { reapable, flush, disk } = start()
  reapable.set(tokenAt(0x10), k, undefined, 0)
  flush()
  t.equal(disk.size, 0, 'what is not there needs no row')
  reapable.set(tokenAt(0x10), k, 'tombstone', 100)
  reapable.set(tokenAt(0x10), k, 'tombstone', 120)
  reapable.set(tokenAt(0x1f), k, 'long', 900)
  reapable.set(tokenAt(0xf0), k, 'tombstone', 30)
  const noPins = { pinned: 0, pins: 0, full: 0 }
  const expected = { keys: 3, tombstones: 2, bytes: 150, ...noPins }
  t.same(reapable.total, expected)
  flush()
  t.same(start(disk).reapable.total, expected)
  t.same(reapable.counts.get(1 as Partition), { keys: 2, tombstones: 1, bytes: 120, ...noPins })
  reapable.set(tokenAt(0x10), k, undefined, 0)
  reapable.set(tokenAt(0x10), k, undefined, 0)
  flush()
  t.same([...reapable.counts.keys()], [1, 15])
  t.same(reapable.counts.get(1 as Partition), { keys: 1, tombstones: 0, bytes: 0, ...noPins })
})

t.test(
  'pins are counted, and keys that take no more; rows of an earlier version have none',
  async t => {
    const { reapable, flush, disk } = start()
    reapable.set(tokenAt(0x10), k, 'tombstone', 100, 3)
    reapable.set(tokenAt(0x11), k, 'pinned', 10, pinsMax)
    reapable.set(tokenAt(0x12), k, 'pinned', 10, pinsMax + 10)
    flush()
    const expected = {
      keys: 3,
      tombstones: 1,
      bytes: 100,
      pinned: 3,
      pins: 2 * pinsMax + 13,
      full: 2,
    }
    t.same(reapable.total, expected)
    t.same(start(disk).reapable.total, expected)
    reapable.set(tokenAt(0x11), k, 'pinned', 10, 1)
    reapable.set(tokenAt(0x12), k, undefined, 0)
    t.match(reapable.total, { keys: 2, pinned: 2, pins: 4, full: 0 })
    const old = new Map([[`\x68${tokenAt(0x20)}k` as RowKey, Uint8Array.of(0, 0, 0, 0, 9)]])
    t.match(start(old).reapable.total, { keys: 1, tombstones: 1, bytes: 9, pins: 0 })
  },
)

t.test('pins are shed as they are named, unless a version of one is live', async t => {
  const one = pinned(putOn(noSiblings, 'a', 'v'), opOf(3))
  const live = one.versions[0]!.op
  const both = pinned(pinned(one, opOf(5)), live)
  const left = withoutShed(both, [opOf(3), live])
  t.same(new Set(left.pins), new Set([opOf(5), live]))
  t.equal(withoutShed(left, [opOf(3)]), left)
  t.equal(kindOf(left), 'pinned')
})

t.test('the keys of one partition, in the order of tokens', async t => {
  const { reapable, flush } = start()
  for (const top of [0x00, 0x1f, 0x10, 0x20, 0xf0, 0xff]) {
    reapable.set(tokenAt(top, 'x'), k, 'tombstone', 1)
  }
  flush()
  const tops = (partition: number, limit = 9) =>
    reapable.page(partition as Partition, limit).map(({ token }) => token.charCodeAt(0))
  t.same(tops(0), [0x00])
  t.same(tops(1), [0x10, 0x1f])
  t.same(tops(1, 1), [0x10])
  t.same(tops(15), [0xf0, 0xff])
  t.same(tops(3), [])
})
