import t from 'tap'
import type { Record } from '../../../src/core/causality/record.ts'
import { noSiblings, pinned } from '../../../src/core/causality/siblings.ts'
import type { Actor, Epoch, Key, Partition, Token } from '../../../src/core/ids.ts'
import { Pending } from '../../../src/core/pending.ts'
import {
  decodeMark,
  encodeMark,
  type Mark,
  Marks,
  markRowKey,
} from '../../../src/core/reaping/marks.ts'
import { isStateRow, partitionOfRow } from '../../../src/core/reaping/partition-rows.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { opOf } from '../../helpers/arbitrary-siblings.ts'
import { actorOf, putOn } from '../../helpers/exchange-pair.ts'
import { bytesOfHex, golden } from '../../helpers/golden.ts'

const partition = 3 as Partition
const dot = (name: string, counter: number) => ({ actor: actorOf(name) as Actor, counter })
const mark: Mark = {
  epoch: 'epoch\xff..' as Epoch,
  generation: 70_000,
  round: 2 ** 48 - 1,
  keys: [
    {
      token: '\x30.......' as Token,
      key: 'k' as Key,
      tombstones: [dot('a', 1), dot('b', 2 ** 40)],
      entries: [],
    },
    { token: '\x31.......' as Token, key: 'other' as Key, tombstones: [], entries: [dot('a', 7)] },
  ],
  pins: [{ token: '\x30.......' as Token, key: 'k' as Key, ops: [opOf(9), opOf(4)] }],
}

function start(disk = new Map<RowKey, Uint8Array>()) {
  const pending = new Pending<Record, string>()
  const reads = {
    get: (row: RowKey) => disk.get(row),
    range: () => [...disk].map(([key, value]) => ({ key, value })),
  }
  const flush = () => {
    const commit = pending.turn()
    for (const { key, value } of commit?.type === 'commit' ? commit.rows : []) {
      if (value === undefined) disk.delete(key)
      else disk.set(key, value)
    }
  }
  return {
    marks: new Marks<string>({ hash: nodeHash, reads, pending, partitions: 16 }),
    flush,
    disk,
  }
}

t.test('a mark that an earlier version wrote is read', async t => {
  const { is, bytes } = golden.mark
  const { token, key } = is.keys[0]!
  t.equal(key, golden.key)
  t.equal(token.length, 8)
  t.same(decodeMark(nodeHash, bytesOfHex(bytes)), { ...is, pins: [] })
})

t.test('what a mark names is taken out of a copy: tombstones and pins', async t => {
  const { marks } = start()
  const copy = pinned(pinned(putOn(noSiblings, 'c', 'v'), opOf(4)), opOf(5))
  t.equal(marks.without(partition, copy), copy)
  marks.write(partition, mark, 'then')
  t.same(marks.without(partition, copy).pins, [opOf(5)])
})

t.test('a mark comes back as it was written, or not at all', async t => {
  const bytes = encodeMark(nodeHash, mark)
  t.same(decodeMark(nodeHash, bytes), mark)
  for (let at = 0; at < bytes.length; at++) {
    const rotten = bytes.slice()
    rotten[at]! ^= 1
    t.equal(decodeMark(nodeHash, rotten), undefined)
  }
  const row = markRowKey(partition)
  t.same([partitionOfRow(row), isStateRow(row)], [partition, false])
})

t.test('it is kept over a restart until the next one, or until it is removed', async t => {
  const { marks, flush, disk } = start()
  marks.write(partition, mark, 'then')
  flush()
  const again = start(disk)
  t.same(again.marks.of(partition), mark)
  t.equal(again.marks.rows, 1)
  again.marks.write(partition, { ...mark, generation: 70_001, keys: [] }, 'then')
  t.equal(again.marks.of(partition)?.generation, 70_001)
  again.marks.remove(partition)
  again.flush()
  t.equal(disk.size, 0)
  t.equal(again.marks.rows, 0)
})

t.test('siblings without the tombstones that it names', async t => {
  const { marks } = start()
  const value = putOn(noSiblings, 'b', 'v')
  t.equal(marks.without(partition, value), value, 'there is no mark')
  marks.write(partition, mark, 'then')
  t.equal(marks.without(partition, value), value, 'none of them')
  const [version] = putOn(noSiblings, 'a', '').versions
  const both = {
    ...value,
    versions: [{ ...version!, tombstone: true }, ...value.versions],
  }
  t.same(marks.without(partition, both).versions, value.versions)
  const lies = { ...value, versions: [version!] }
  t.same(marks.without(partition, lies), lies, 'a value under a dot of a tombstone stays')
})
