import t from 'tap'
import type { Key, Token } from '../../../src/core/ids.ts'
import { countOf, without } from '../../../src/core/reaping/candidates.ts'
import { opOf } from '../../helpers/arbitrary-siblings.ts'
import { ask, begin, cut, putTwice } from '../../helpers/pins-scenarios.ts'
import { live } from '../../helpers/replicas.ts'

const at = (key: string, ...ops: number[]) => ({
  token: 't'.repeat(8) as Token,
  key: key as Key,
  digest: '',
  ops: ops.map(opOf),
})

t.test('what differs is left out: keys by their position, then pins, id by id', async t => {
  const keys = ['a', 'b'].map(key => ({
    token: 't'.repeat(8) as Token,
    key: key as Key,
    digest: '',
  }))
  const found = { keys, pins: [at('c', 1, 2), at('d', 3), at('e', 4)] }
  t.equal(countOf(found.pins), 4)
  const left = without(found, [0, 3, 4])
  t.same(
    left.keys.map(({ key }) => key),
    ['b'],
  )
  t.same(left.pins, [at('c', 1), at('e', 4)])
  t.same(without(found, []), found)
})

t.test('pins alone start a round, and are gone at every owner after it', async t => {
  const { cluster, key, owners } = begin()
  putTwice({ cluster, key, owners })
  t.ok(owners.some(({ replica }) => replica.observe().reaping.pins > 0))
  live(cluster, 30_000)
  for (const { replica } of owners) t.match(replica.observe().reaping, { pins: 0, pinnedKeys: 0 })
  t.ok(owners.some(({ replica }) => replica.observe().reaping.pinsShed > 0))
})

t.test('they wait for a silent node, by its name', async t => {
  const { cluster, key, owners } = begin()
  putTwice({ cluster, key, owners })
  const [first, , last] = owners
  cut(cluster, [last], true)
  live(cluster, 30_000)
  t.equal(first.replica.observe().reaping.pins, 1)
  t.ok(first.replica.observe().reaping.heldUp.get(last.id)! > 0)
  t.same([...first.replica.observe().reaping.pinsHeldUp], [[last.id, 1]])
  cut(cluster, [last], false)
  live(cluster, 30_000)
  t.equal(first.replica.observe().reaping.pins, 0)
  t.equal(first.replica.observe().reaping.pinsHeldUp.size, 0)
  t.equal(ask(cluster, first, cluster.get(key))?.type, 'got')
})
