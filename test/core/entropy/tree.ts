import fc from 'fast-check'
import t from 'tap'
import { depthIn } from '../../../src/core/entropy/leaves.ts'
import { placeOf, prefixOf } from '../../../src/core/entropy/node.ts'
import { addItem, sumWords } from '../../../src/core/entropy/sum.ts'
import type { Tree } from '../../../src/core/entropy/tree.ts'
import { tokenOf } from '../../../src/core/hash.ts'
import type { Key } from '../../../src/core/ids.ts'
import { objectRowKey } from '../../../src/core/row-key.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { binary } from '../../helpers/arbitraries.ts'
import { judgeTree } from '../../helpers/stored-tree.ts'
import { TreeWorld } from '../../helpers/tree-world.ts'

/** Sums of all nodes of a level: of a tree, and of what the keys should have. */
function sumsOf(tree: Tree, level: number): Uint32Array {
  const sums = new Uint32Array(sumWords * 2 ** level)
  for (let i = 0; i < 2 ** level; i++) tree.subtrees.addTo(sums, sumWords * i, level, i, () => true)
  return sums
}
function modelOf(digests: ReadonlyMap<Key, string>, level: number): Uint32Array {
  const sums = new Uint32Array(sumWords * 2 ** level)
  for (const [key, digest] of digests) {
    addItem(sums, sumWords * prefixOf(placeOf(tokenOf(nodeHash, key)), level), digest)
  }
  return sums
}

const key = fc.nat(400).map(i => `k${i}` as Key)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('write' as const), key, digest: binary(8, 8) }),
  },
  { weight: 2, arbitrary: fc.constantFrom({ type: 'turn' as const }, { type: 'settle' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ type: 'keep' as const }, { type: 'lose' as const }) },
)

t.test('I6: the stored tree is the recomputed one, after a kill at any commit', async () => {
  fc.assert(
    fc.property(
      fc.array(step, { size: 'max', maxLength: 900 }),
      fc.constantFrom(1, 8),
      (steps, q) => {
        const world = new TreeWorld(q, 8)
        for (const step of steps) {
          if (step.type === 'write') world.write(step.key, step.digest)
          else if (step.type === 'turn') world.turn()
          else if (step.type === 'settle') world.settle()
          else {
            world.crash(step.type === 'keep')
            world.tree.tick(world.now)
          }
        }
        world.rest()
        const stored = world.newTree()
        for (let i = 0; i < 9; i++) stored.tick(world.now)
        return [0, 3, 9].every(level => {
          const model = `${modelOf(world.digests, level)}`
          return model === `${sumsOf(world.tree, level)}` && model === `${sumsOf(stored, level)}`
        })
      },
    ),
    { numRuns: 60 },
  )
})

t.test('sums speak of durable state only', async t => {
  const world = new TreeWorld(4)
  world.write('a' as Key, 'A'.repeat(8))
  t.equal(sumsOf(world.tree, 0)[2], 0)
  world.turn()
  t.equal(sumsOf(world.tree, 0)[2], 0, 'nor under way')
  t.equal(world.tree.underWay.length, 1)
  world.settle()
  t.same(sumsOf(world.tree, 0), modelOf(world.digests, 0))
})

t.test('a start counts marked blocks only, and nothing after a clean stop', async t => {
  const world = new TreeWorld(8, 1000)
  for (let i = 0; i < 2000; i++) {
    world.write(`k${i}` as Key, `${i}`.padStart(8))
    if (i % 50 === 0) world.rest()
  }
  world.tree.stop()
  world.rest()
  t.equal(world.tree.due, false)
  const clean = world.newTree()
  t.equal(clean.ready, true)
  t.same(sumsOf(clean, 12), modelOf(world.digests, 12))
  world.crash(false)
  world.write('k7' as Key, 'another-')
  world.turn()
  world.crash(true)
  t.equal(world.tree.ready, false)
  world.tree.tick(world.now)
  t.equal(world.tree.ready, true)
  t.same(sumsOf(world.tree, 12), modelOf(world.digests, 12))
})

t.test('the tree of another key is counted from the data', async t => {
  const world = new TreeWorld(8)
  for (let i = 0; i < 500; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
  world.rest()
  world.tree = world.newTree('e'.repeat(32))
  t.equal(world.tree.ready, false)
  world.rest()
  t.equal(world.tree.ready, true)
  t.same(sumsOf(world.tree, 9), modelOf(world.digests, 9))
  t.equal(world.newTree('e'.repeat(32)).ready, true)
})

t.test('a row in doubt counts as it is found, and is marked', async t => {
  const world = new TreeWorld(2)
  for (let i = 0; i < 9; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
  world.rest()
  const token = tokenOf(nodeHash, 'k3' as Key)
  const row = world.disk.get(objectRowKey(token, 'k3' as Key))!
  row[row.length - 1]! ^= 1
  world.tree.doubt(token)
  world.tree.tick(world.now)
  const { digests } = world
  digests.delete('k3' as Key)
  t.same(sumsOf(world.tree, 1), modelOf(digests, 1))
  // What replaces it does not know what it replaces.
  world.write('k3' as Key, 'repaired')
  t.ok(world.tree.rows > 1)
  world.rest()
  t.same(sumsOf(world.tree, 1), modelOf(digests, 1))
})

t.test(
  'a row that is damaged after a writer read it, and counted as none, counts once',
  async t => {
    const world = new TreeWorld(2)
    for (let i = 0; i < 9; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
    world.rest()
    world.write('k3' as Key, 'replaced')
    const token = tokenOf(nodeHash, 'k3' as Key)
    const row = world.disk.get(objectRowKey(token, 'k3' as Key))!
    row[row.length - 1]! ^= 1
    world.tree.doubt(token)
    world.tree.tick(world.now)
    world.rest()
    t.same(sumsOf(world.tree, 1), modelOf(world.digests, 1))
  },
)

t.test('damaged rows of the tree are noticed: a block is counted again, or all are', async t => {
  const world = new TreeWorld(4)
  for (let i = 0; i < 200; i++) {
    world.write(`k${i}` as Key, `${i}`.padStart(8))
    world.rest()
  }
  const rows = [...world.disk.keys()].filter(row => row.startsWith('\x30'))
  t.ok(rows.length > 4)
  for (const row of rows) {
    const bytes = world.disk.get(row)
    if (bytes === undefined) continue
    for (const at of [0, 1, 5, bytes.length - 1]) {
      world.disk.set(
        row,
        bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)),
      )
      world.crash(false)
      world.tree.tick(world.now)
      world.rest()
      t.same(sumsOf(world.tree, 8), modelOf(world.digests, 8))
    }
  }
})

/** The depth of each stored block. */
function depthsOf(world: TreeWorld): ReadonlySet<number | undefined> {
  const blocks = [...world.disk].filter(([row]) => row.startsWith('\x30\x01'))
  return new Set(blocks.map(([, bytes]) => depthIn(nodeHash, bytes)))
}

t.test('a tree that is counted from the data is ready once its leaves suit the keys', async t => {
  const world = new TreeWorld(2)
  for (let i = 0; i < 3000; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
  world.rest()
  world.tree = world.newTree('e'.repeat(32))
  while (!world.tree.ready) {
    world.turn()
    world.settle()
    world.tree.tick(world.now)
  }
  t.same([...depthsOf(world)], [8], 'about six keys a leaf')
  t.same(sumsOf(world.tree, 9), modelOf(world.digests, 9))
})

t.test('a stop while leaves do not suit the keys leaves that to the next start', async t => {
  for (const crashed of [false, true]) {
    const world = new TreeWorld(2)
    for (let i = 0; i < 3000; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
    world.tree.stop()
    world.turn()
    world.settle()
    t.same([...depthsOf(world)], [2])
    world.tree = world.newTree()
    if (crashed) {
      world.write('k1' as Key, 'another-')
      world.turn()
      world.crash(true)
      t.equal(world.tree.ready, false)
    }
    world.rest()
    t.same([...depthsOf(world)], [8])
    t.same(sumsOf(world.tree, 9), modelOf(world.digests, 9))
  }
})

t.test('who judges a stored tree finds a marker that is lost and a block that is none', async t => {
  const world = new TreeWorld(2, 100_000)
  for (let i = 0; i < 300; i++) world.write(`k${i}` as Key, `${i}`.padStart(8))
  world.rest()
  world.tree.stop()
  world.rest()
  world.tree = world.newTree()
  const judge = () => judgeTree(world.reads, world.digestKey, world.partitions)
  t.match(judge(), { objects: 300, marked: 0, wrong: [] })
  world.write('k7' as Key, 'another-')
  world.turn()
  world.settle()
  t.match(judge(), { objects: 300, marked: 1, wrong: [] })
  const [marker] = [...world.disk.keys()].filter(row => row.startsWith('\x30\x02'))
  world.drop(marker!)
  t.equal(judge().wrong.length, 1)
  world.crash(true)
  world.drop(objectRowKey(tokenOf(nodeHash, 'k1' as Key), 'k1' as Key))
  t.ok(judge().wrong.length > 0)
})
