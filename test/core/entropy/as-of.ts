import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { AsOf } from '../../../src/core/entropy/as-of.ts'
import { sharedOf } from '../../../src/core/entropy/shared.ts'
import { binaryOfSum } from '../../../src/core/entropy/sum.ts'
import { tokenOf } from '../../../src/core/hash.ts'
import type { Instant, Key, NodeId } from '../../../src/core/ids.ts'
import { keyOfRow } from '../../../src/core/row-key.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { putOn, Side } from '../../helpers/exchange-pair.ts'

t.test('sums and rows without what was written after the cut', async t => {
  const side = new Side('n1')
  side.start()
  const shared = sharedOf(side.placement.ring, 'n1' as NodeId, 'n2' as NodeId)
  const old = putOn(noSiblings, 'a', 'old')
  for (const key of ['k1', 'k2', 'k3']) side.write(key, old, 1000)
  side.flush()
  const cut = { stamp: 5000, ageMs: 5000 }
  const look = () => {
    const asOf = new AsOf(side.tree, shared, cut, side.now)
    return { sum: binaryOfSum(asOf.sums(0, [0])), items: asOf.items(0, 0, 99), asOf }
  }
  const before = look()
  t.equal(before.items.length, 3)
  side.now = 20_000 as Instant
  side.write('k1', putOn(old, 'b', 'new'), 9000)
  side.write('k4', old, 9000)
  const pending = look()
  t.same([pending.sum, pending.items], [before.sum, before.items], 'nothing is durable')
  side.flush()
  const after = look()
  t.same([after.sum, after.items], [before.sum, before.items], 'it came too late')
  t.equal(after.asOf.isRecent(after.items[0]!.row, side.now) !== undefined, true)
  side.now = 28_000 as Instant
  t.not(look().sum, before.sum, 'but for some seconds only')
  t.equal(look().items.length, 4)
})

t.test(
  'a node above the partitions lists what the two members share, and nothing else',
  async t => {
    const side = new Side('n5', ['n1', 'n2', 'n3', 'n4', 'n5'], 32)
    side.start()
    const shared = sharedOf(side.placement.ring, 'n3' as NodeId, 'n5' as NodeId)
    const keys = Array.from({ length: 60 }, (_, i) => `k${i}` as Key)
    for (const key of keys) side.write(key, putOn(noSiblings, 'a', 'old'), 1000)
    side.flush()
    side.now = 60_000 as Instant
    const asOf = new AsOf(side.tree, shared, { stamp: 50_000, ageMs: 5000 }, side.now)
    const own = keys.filter(key => shared.holds(tokenOf(nodeHash, key)))
    t.ok(own.length > 10 && own.length < keys.length)
    const listed = asOf.items(0, 0, 99).map(({ row }) => keyOfRow(row).key)
    t.same([...listed].sort(), [...own].sort())
    t.equal(asOf.items(0, 0, 7).length, 7)
  },
)
