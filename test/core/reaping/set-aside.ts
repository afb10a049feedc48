import t from 'tap'
import { partitionOf } from '../../../src/core/hash.ts'
import type { Key, Partition } from '../../../src/core/ids.ts'
import { SetAside } from '../../../src/core/reaping/set-aside.ts'
import { hintOfRow } from '../../../src/core/row-key.ts'
import { copyOf, HintHolder, tokenFor } from '../../helpers/hint-holder.ts'

const partitions = 16
const floor = 7

/** A node that holds these keys, all of one partition, and has begun to set it aside. */
function start() {
  const holder = new HintHolder<never>()
  const { objects, pending } = holder
  const removed: Partition[] = []
  const marks = { remove: (partition: Partition) => removed.push(partition) } as never
  const aside = new SetAside({ objects: objects as never, pending: pending as never, marks })
  const keys: string[] = []
  const partition = partitionOf(tokenFor('k'), partitions)
  for (let i = 0; keys.length < 600; i++) {
    if (partitionOf(tokenFor(`k${i}`), partitions) === partition) keys.push(`k${i}`)
  }
  const hold = (key: string) => objects.merge(tokenFor(key), key as Key, copyOf('a', 1), undefined)
  const rows = () => [...holder.disk.keys()].filter(row => row.startsWith('\x10')).length
  return { holder, objects, aside, keys, partition, hold, rows, removed }
}

t.test('all rows go, some in each tick; then the partition begins anew at the floor', async t => {
  const { holder, objects, aside, keys, partition, hold, rows, removed } = start()
  for (const key of keys) hold(key)
  holder.flush()
  aside.begin(partition, floor)
  t.equal(hold('k'), 'refused', 'it is closed')
  const left: number[] = []
  for (let i = 0; rows() > 0; i++) {
    t.same(aside.tick(0), [])
    holder.flush()
    left.push(rows())
    if (i > 10) throw new Error('it does not end')
  }
  t.same(left, [344, 88, 0])
  t.same(aside.tick(0), [], 'no more rows; its state goes to the disk')
  t.same(objects.generations.of(partition), { generation: floor, floor, reaped: floor })
  t.same(aside.tick(0), [], 'and is not there yet')
  holder.flush()
  t.same(aside.tick(0), [partition])
  t.equal(aside.has(partition), false)
  t.same(removed, [partition])
})

t.test('a row that was on its way to the disk goes, too', async t => {
  const { holder, aside, partition, hold, rows } = start()
  hold('k')
  holder.turn()
  aside.begin(partition, floor)
  for (let i = 0; i < 5; i++) t.same(aside.tick(0), [], 'it is waited for')
  holder.durable()
  t.equal(rows(), 1)
  for (let i = 0; i < 5; i++) {
    aside.tick(0)
    holder.flush()
  }
  t.equal(rows(), 0)
  t.equal(aside.has(partition), false)
})

t.test('a hint below the floor that was on its way to the disk goes, too', async t => {
  const { holder, objects, aside, partition } = start()
  holder.keep('b', 'k', copyOf('a', 1))
  holder.turn()
  aside.raise(partition, floor)
  t.equal(aside.has(partition), true)
  t.same(aside.tick(0), [partition])
  t.equal(objects.generations.of(partition).floor, floor)
  holder.flush()
  t.equal(holder.rows.length, 1)
  aside.tick(0)
  holder.flush()
  t.equal(holder.rows.length, 0)
})

t.test('without hints a floor is set at once', async t => {
  const { objects, aside, partition } = start()
  aside.raise(partition, floor)
  t.equal(aside.has(partition), false)
  t.match(objects.generations.of(partition), { generation: 0, floor })
})

t.test('of many hints some in a tick, each partition its own, and the floor is last', async t => {
  const { holder, objects, aside } = start()
  const count = 3000
  for (let i = 0; i < count; i++) holder.keep('b', `k${i}`, copyOf('a', 1))
  holder.flush()
  const all = Array.from({ length: partitions }, (_, i) => i as Partition)
  // Half of them begin anew, the others are not behind it.
  for (const partition of all) {
    if (partition % 2 === 0) aside.begin(partition, floor)
    else aside.raise(partition, floor)
  }
  const lookedBefore = holder.looked
  let ticks = 0
  const floored = () => all.filter(one => objects.generations.of(one).floor === floor).length
  while (all.some(one => aside.has(one))) {
    const before = holder.looked
    aside.tick(0)
    t.ok(holder.looked - before <= 1024 + 256, `${holder.looked - before} rows in a tick`)
    holder.flush()
    const left = new Set(
      holder.rows.map(row => objects.generations.partitionOf(hintOfRow(row).token)),
    )
    t.ok(floored() <= partitions - left.size, 'no floor is set before its hints are gone')
    if (++ticks > 100) throw new Error('it does not end')
  }
  t.same([holder.rows.length, floored()], [0, partitions])
  t.ok(ticks > 2)
  t.ok(holder.looked - lookedBefore < 2 * count, 'each hint is looked at once, or twice')
})

t.test('of many partitions no more rows in one tick than of a few', async t => {
  const { holder, objects, aside } = start()
  for (let i = 0; i < 6000; i++) {
    const key = `x${i}`
    objects.merge(tokenFor(key), key as Key, copyOf('a', 1), undefined)
  }
  holder.flush()
  for (let i = 0; i < partitions; i++) aside.begin(i as Partition, floor)
  const before = holder.pending.rows
  aside.tick(0)
  holder.flush()
  const objectRows = [...holder.disk.keys()].filter(row => row.startsWith('\x10')).length
  t.ok(objectRows >= 6000 - 1280 && objectRows < 6000, `${objectRows}`)
  t.ok(holder.pending.rows > before)
})
