import t from 'tap'
import { Carrier } from '../../../src/core/carrier.ts'
import { Load } from '../../../src/core/entropy/load.ts'
import type { HandedCopy } from '../../../src/core/message.ts'

const copyOf = (key: string, bytes: number) =>
  ({
    key,
    token: 'token-12',
    object: new Uint8Array(bytes),
    generation: 0,
    time: 0,
  }) as never as HandedCopy

t.test(
  'what fits no message is named, and what fits this one no more goes into the next',
  async t => {
    const load = new Load(new Carrier(4000), 1000)
    t.ok(load.add(copyOf('a', 5000)))
    t.ok(load.add(copyOf('b', 2900)), 'one alone may be larger than several')
    t.notOk(load.add(copyOf('c', 200)))
    t.ok(load.full)
    t.same(load.tooLarge, [{ key: 'a', bytes: 5000 }])
    t.same(
      load.copies.map(({ key }) => key),
      ['b'],
    )
  },
)

t.test('all of some copies, or as many as there is room for', async t => {
  const some = Array.from({ length: 20 }, (_, i) => copyOf(`${i}`, 100))
  const load = new Load(new Carrier(100_000), 1000)
  t.notOk(load.addAll(some))
  t.equal(load.copies.length, 7, '64 bytes come on top of each')
  t.ok(new Load(new Carrier(100_000), 10_000).addAll(some))
})
