import t from 'tap'
import { Leaves } from '../../../src/core/entropy/leaves.ts'
import { levelMax } from '../../../src/core/entropy/node.ts'
import { Counter } from '../../../src/core/entropy/rebuild.ts'
import { Subtrees } from '../../../src/core/entropy/subtrees.ts'
import { countAt, sumWords } from '../../../src/core/entropy/sum.ts'
import { nodeHash } from '../../../src/node/hash.ts'

const nothing = { get: () => undefined, range: () => [] }
const digest = '12345678'

t.test('a node above the partitions is the sum of those that are asked for', async t => {
  const subtrees = new Subtrees(2, new Counter(nodeHash, nothing))
  const quarter = 2 ** (levelMax - 2)
  for (const partition of [0, 0, 1, 3]) {
    subtrees.of(partition).change(partition * quarter + 7, '', digest)
  }
  const countOf = (level: number, prefix: number, of = (_: number) => true) => {
    const sums = new Uint32Array(sumWords)
    subtrees.addTo(sums, 0, level, prefix, of)
    return countAt(sums, 0)
  }
  t.equal(countOf(0, 0), 4)
  t.equal(
    countOf(0, 0, partition => partition !== 0),
    2,
  )
  t.equal(countOf(1, 1), 1)
  t.equal(countOf(2, 2), 0, 'a partition without leaves')
  t.equal(countOf(3, 0), 2, 'a part of one')
  t.equal(countOf(levelMax, 0), 0, 'below the leaves the store is asked')
  t.same(
    [...subtrees.all].map(([partition]) => partition),
    [0, 1, 3],
  )
  const other = new Leaves(1, 2, 4)
  subtrees.set(1, other)
  t.equal(subtrees.get(1), other)
  t.same([subtrees.has(1), subtrees.has(2)], [true, false])
})
