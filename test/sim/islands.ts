import t from 'tap'
import type { Key } from '../../src/core/ids.ts'
import { Draws } from '../../src/sim/draw.ts'
import { islandFaults, islandOperation, islandsUntil } from '../../src/sim/islands.ts'

const to = 35_500_000
const keys = Array.from({ length: 10 }, (_, i) => `k${i}` as Key)

t.test('four times, two keys each, and they meet some seconds before the end', async t => {
  const islands = islandsUntil(to, keys)
  t.equal(new Set(islands.flatMap(island => island.keys)).size, 8)
  for (const [i, { from, last }] of islands.entries()) {
    t.ok(from + last <= (islands[i + 1]?.from ?? to - 3_900_000))
  }
})

t.test('every node is alone then, and a disk is lost once they met', async t => {
  const nodes = ['n1', 'n2', 'n3'] as never[]
  const faults = islandFaults(to, nodes, nodes[0])
  t.equal(faults.length, 8)
  const [alone, wipe] = faults
  t.ok(alone !== undefined && 'cuts' in alone && alone.cuts.length === 6)
  t.match(wipe, { type: 'wipe', node: 'n1' })
  t.equal(islandFaults(to, nodes, undefined).length, 4)
})

t.test('most operations are blind puts of those keys meanwhile, and none is between', async t => {
  const islands = islandsUntil(to, keys)
  const draw = new Draws(1).of('islands')
  const plain = { key: 'other' as Key, kind: 'get' as const, w: undefined }
  const made = (at: number) =>
    Array.from({ length: 100 }, () => islandOperation({ ...plain, at }, islands, draw))
  const [first] = islands
  const put = made(first!.from + 1).filter(({ kind, w }) => kind === 'blind' && w === 1)
  t.ok(put.length > 40 && put.every(({ key }) => first!.keys.includes(key)))
  t.same(
    made(first!.from + first!.last).filter(({ kind }) => kind === 'blind'),
    [],
  )
})
