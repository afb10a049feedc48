import t from 'tap'
import { Leaves } from '../../../src/core/entropy/leaves.ts'
import { placeOf } from '../../../src/core/entropy/node.ts'
import { Counter, Rebuild } from '../../../src/core/entropy/rebuild.ts'
import { tokenOf } from '../../../src/core/hash.ts'
import type { Instant, Key } from '../../../src/core/ids.ts'
import { keyOfRow } from '../../../src/core/row-key.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { TreeWorld } from '../../helpers/tree-world.ts'

t.test('a partition is counted in steps while its rows change', async t => {
  const world = new TreeWorld(1)
  for (let i = 0; i < 1000; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
  world.rest()
  const { counter } = world.tree
  t.type(counter, Counter)
  const rebuild = new Rebuild(counter, new Leaves(0, 0, 8), 0, 0)
  t.equal(rebuild.step(), 256)
  t.equal(rebuild.leaves.count, 256)
  // One that was counted, and one that will be.
  for (const key of ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'] as Key[]) {
    const token = tokenOf(nodeHash, key)
    const before = world.digests.get(key)!
    world.write(key, 'changed!')
    const [row] = [...world.disk.keys()].filter(row => keyOfRow(row).key === key)
    const change = { place: placeOf(token), before, after: 'changed!', stamp: 0 }
    world.rest()
    rebuild.change({ row: row!, durableAt: 0 as Instant, ...change })
  }
  while (!rebuild.done) rebuild.step()
  const whole = new Leaves(0, 0, 8)
  t.equal(counter.count(whole, 0, 0), 1000)
  t.same(rebuild.leaves, whole)
})

t.test('a row that was damaged when it was counted, or is damaged behind the count', async t => {
  const world = new TreeWorld(1)
  for (let i = 0; i < 9; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
  world.rest()
  const { counter } = world.tree
  const [row] = [...world.disk.keys()].filter(row => keyOfRow(row).key === 'k3')
  const sound = world.disk.get(row!)!
  const damaged = sound.map((byte, i) => (i === 30 ? byte ^ 1 : byte))
  const place = placeOf(tokenOf(nodeHash, 'k3' as Key))
  const before = world.digests.get('k3' as Key)!
  const change = { row: row!, place, after: 'replaced', stamp: 0, durableAt: 0 as Instant }
  const count = (bytes: Uint8Array) => {
    world.disk.set(row!, bytes)
    const rebuild = new Rebuild(counter, new Leaves(0, 0, 8), 0, 0)
    while (!rebuild.done) rebuild.step()
    return rebuild
  }
  const unseen = count(damaged)
  t.equal(unseen.leaves.count, 8)
  t.ok(counter.damaged.has(row!))
  // Whoever wrote it had read it while it was sound, or had not.
  unseen.change({ ...change, before })
  t.equal(unseen.leaves.count, 9)
  t.ok(unseen.sound)
  const again = count(damaged)
  again.change({ ...change, before: undefined })
  t.ok(again.sound)
  t.same(again.leaves, unseen.leaves)
  const behind = count(sound)
  behind.change({ ...change, before: undefined })
  t.notOk(behind.sound)
})
