import t from 'tap'
import { Damage } from '../../src/core/damage.ts'
import type { RowKey } from '../../src/core/step.ts'

t.test('each row is told once, until it was written', async t => {
  const damage = new Damage()
  const [a, b] = ['a', 'b'] as RowKey[] as [RowKey, RowKey]
  damage.found(a)
  damage.found(a)
  damage.found(b)
  t.same(damage.take(), [a, b])
  t.same(damage.take(), [])
  damage.found(a)
  t.same(damage.take(), [])
  damage.written(a)
  damage.found(a)
  t.same(damage.take(), [a])
  t.equal(damage.total, 3)
})
