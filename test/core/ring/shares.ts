import t from 'tap'
import { inOrder, sharesOf, tokenCount, zonesOf } from '../../../src/core/ring/shares.ts'
import { membersOf } from '../../helpers/members.ts'

const settings = { partitions: 256, replicas: 3, fallbacks: 0 }
const sharesFor = (weights: readonly number[], zones?: readonly string[]) =>
  sharesOf(membersOf(weights, zones), settings).map(({ parts, of }) => parts / of)
const boundsFor = (weights: readonly number[], zones?: readonly string[]) =>
  sharesOf(membersOf(weights, zones), settings).map(({ bound }) => bound)

t.test('replicas are shared by weight, and the bound is 1.05 of the share, rounded up', async t => {
  t.same(sharesFor([1, 1, 1, 1]), [192, 192, 192, 192])
  t.same(boundsFor([1, 1, 1, 1]), [202, 202, 202, 202], '201.6')
  t.same(sharesFor([1, 1, 2, 2]), [128, 128, 256, 256])
  t.same(boundsFor([1, 1, 2, 2]), [135, 135, 256, 256], '134.4; never more than Q')
})

t.test('no node has more than Q; what is over goes to the others by weight', async t => {
  t.same(sharesFor([3, 1, 1, 1]), [256, 512 / 3, 512 / 3, 512 / 3])
  t.same(sharesFor([10, 1, 1]), [256, 256, 256])
  t.same(sharesFor([100, 10, 1, 1]), [256, 256, 128, 128], 'and what is over then')
})

t.test('with N zones the zones share first, and their members within them', async t => {
  t.same(sharesFor([1, 1, 1, 1], ['a', 'b', 'c']), [128, 256, 256, 128])
  t.same(sharesFor([3, 1, 1, 1], ['a', 'b', 'c']), [192, 256, 256, 64])
  t.same(sharesFor([1, 1, 1, 1], ['a', 'b']), [192, 192, 192, 192], 'two zones are too few')
})

t.test('a bound is exact where a product of floats would be off', async t => {
  // 1.05 * 100 is 105 and 1.05 * 20 is 21, but 1.05 * 60 is 63.00000000000001 in floats.
  const members = membersOf(Array.from({ length: 64 }, () => 1))
  const shares = sharesOf(members, { partitions: 1024, replicas: 5, fallbacks: 0 })
  t.ok(shares.every(({ parts, of, bound }) => parts / of === 80 && bound === 84))
  const sixty = sharesOf(membersOf([15, 15, 2]), { partitions: 64, replicas: 2, fallbacks: 0 })
  t.same(
    sixty.map(({ parts, of }) => parts / of),
    [60, 60, 8],
  )
  t.same(
    sixty.map(({ bound }) => bound),
    [63, 63, 9],
  )
})

t.test('members are taken by id, tokens by weight, zones as they appear', async t => {
  const [one, two, three] = membersOf([1, 2, 0.5], ['x', 'y', 'x'])
  t.same(inOrder([three!, one!, two!]), [one, two, three])
  t.same([one!, two!, three!].map(tokenCount), [256, 512, 128])
  t.same(zonesOf([one!, two!, three!]), { of: [0, 1, 0], sizes: [2, 1] })
})
