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
