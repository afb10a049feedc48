import t from 'tap'
import type { Record } from '../../../src/core/causality/record.ts'
import { noSiblings, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Key, Partition, Token } from '../../../src/core/ids.ts'
import { Pending } from '../../../src/core/pending.ts'
import { entriesMax, idleEntries, kindOf, Reapable } from '../../../src/core/reaping/reapable.ts'
import type { RowKey } from '../../../src/core/step.ts'
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
  const expected = { keys: 3, tombstones: 2, bytes: 150 }
  t.same(reapable.total, expected)
  flush()
  t.same(start(disk).reapable.total, expected)
  t.same(reapable.counts.get(1 as Partition), { keys: 2, tombstones: 1, bytes: 120 })
  reapable.set(tokenAt(0x10), k, undefined, 0)
  reapable.set(tokenAt(0x10), k, undefined, 0)
  flush()
  t.same([...reapable.counts.keys()], [1, 15])
  t.same(reapable.counts.get(1 as Partition), { keys: 1, tombstones: 0, bytes: 0 })
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
