import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { AsOf } from '../../../src/core/entropy/as-of.ts'
import { Descent } from '../../../src/core/entropy/descent.ts'
import { placeOf, prefixOf } from '../../../src/core/entropy/node.ts'
import { sharedOf } from '../../../src/core/entropy/shared.ts'
import { shortOf } from '../../../src/core/entropy/sum.ts'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import { keyOfRow } from '../../../src/core/row-key.ts'
import { putOn, Side } from '../../helpers/exchange-pair.ts'

const cut = { stamp: 5000, ageMs: 5000 }

function start(keys: number) {
  const side = new Side('n1')
  side.start()
  for (let i = 0; i < keys; i++) side.write(`k${i}`, putOn(noSiblings, 'a', `${i}`))
  side.flush()
  const shared = sharedOf(side.placement.ring, 'n1' as NodeId, 'n2' as NodeId)
  const asOf = (now = side.now) => new AsOf(side.tree, shared, cut, now)
  return { side, shared, asOf }
}

t.test('what only we hold is found without asking, a little at a time', async t => {
  const { side, shared, asOf } = start(1000)
  const descent = new Descent(shared, { salt: 1, from: 0, waited: new Set() })
  t.equal(descent.next()?.level, 0)
  descent.take(asOf(), 0, [{ type: 'list', prefix: 0, shorts: [] }], side.now)
  t.equal(descent.next(), undefined)
  const keys = new Set<string>()
  // All of it was written just now, by the side's own clock: it waits once.
  while (descent.ownNext) t.same(descent.takeOwn(asOf(), side.now), [])
  const again = new Descent(shared, { salt: 1, from: 0, waited: descent.waiting })
  again.next()
  again.take(asOf(), 0, [{ type: 'list', prefix: 0, shorts: [] }], side.now)
  while (again.ownNext) {
    for (const { own } of again.takeOwn(asOf(), side.now)) for (const { row } of own) keys.add(row)
  }
  t.equal(keys.size, 1000)
})

t.test('who was not reached the last time comes first', async t => {
  const { side, shared, asOf } = start(0)
  const descent = new Descent(shared, { salt: 1, from: 10 * 2 ** 44, waited: new Set() })
  descent.next()
  const children = Array.from({ length: 16 }, (_, prefix) => ({ prefix, short: 7 }))
  descent.take(asOf(), 0, [{ type: 'children', prefix: 0, step: 4, children }], side.now)
  t.equal(descent.place, 10 * 2 ** 44)
  t.same(
    descent.next()?.nodes.map(({ prefix }) => prefix),
    [10, 11, 12, 13, 14, 15],
  )
  t.same(
    descent.next()?.nodes.map(({ prefix }) => prefix),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  )
  t.equal(descent.next(), undefined)
  t.equal(descent.place, 0)
})

t.test('a key that cannot travel makes one partition differ, and not all beside it', async t => {
  const { side, shared, asOf } = start(6)
  // Written long ago, so that nothing waits.
  side.now = (side.now + 60_000) as typeof side.now
  const place = placeOf(side.placement.tokenOf('k0' as Key))
  const list = { type: 'list', prefix: 0, shorts: [1] } as const
  const plain = new Descent(shared, { salt: 1, from: 0, waited: new Set() })
  plain.next()
  t.equal(plain.take(asOf(), 0, [list], side.now).length, 1)
  t.equal(plain.unequal.size, shared.partitions.length)
  const apart = new Descent(shared, { salt: 1, from: 0, waited: new Set(), apart: [place] })
  apart.next()
  t.same(apart.take(asOf(), 0, [list], side.now), [])
  // The other side has what we have, but for that key: there it has another.
  for (let asked = apart.next(); asked !== undefined; asked = apart.next()) {
    const { level, nodes } = asked
    const entries = nodes.map(({ prefix }) => {
      const shorts = asOf()
        .items(level, prefix, 99)
        .map(({ row, digest }) => (keyOfRow(row).key === 'k0' ? 1 : shortOf(digest, 1)))
      return { type: 'list', prefix, shorts } as const
    })
    apart.take(asOf(), level, entries, side.now)
  }
  t.same([...apart.unequal], [prefixOf(place, shared.bits)])
})
