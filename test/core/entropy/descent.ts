import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { AsOf } from '../../../src/core/entropy/as-of.ts'
import { Descent } from '../../../src/core/entropy/descent.ts'
import { sharedOf } from '../../../src/core/entropy/shared.ts'
import type { NodeId } from '../../../src/core/ids.ts'
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
  const descent = new Descent(shared, 1, 0, new Set())
  t.equal(descent.next()?.level, 0)
  descent.take(asOf(), 0, [{ type: 'list', prefix: 0, shorts: [] }], side.now)
  t.equal(descent.next(), undefined)
  const keys = new Set<string>()
  // All of it was written just now, by the side's own clock: it waits once.
  while (descent.ownNext) t.same(descent.takeOwn(asOf(), side.now), [])
  const again = new Descent(shared, 1, 0, descent.waiting)
  again.next()
  again.take(asOf(), 0, [{ type: 'list', prefix: 0, shorts: [] }], side.now)
  while (again.ownNext) {
    for (const { own } of again.takeOwn(asOf(), side.now)) for (const { row } of own) keys.add(row)
  }
  t.equal(keys.size, 1000)
})

t.test('who was not reached the last time comes first', async t => {
  const { side, shared, asOf } = start(0)
  const descent = new Descent(shared, 1, 10 * 2 ** 44, new Set())
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
