import fc from 'fast-check'
import t from 'tap'
import { hexOf } from '../../../src/core/binary.ts'
import { claim, type Ring, ringVersion, weightMax } from '../../../src/core/ring/claim.ts'
import { ownershipOf } from '../../../src/core/ring/ownership.ts'
import type { RingMember } from '../../../src/core/ring/shares.ts'
import { nodeHash } from '../../helpers/hash.ts'
import { anyMembers, equalMembers, membersOf } from '../../helpers/members.ts'

const settings = { partitions: 256, replicas: 3, fallbacks: 3 }
const claimed = (members: readonly RingMember[], more = {}) =>
  claim(nodeHash, members, { ...settings, ...more })

const fullestOf = (members: readonly RingMember[], more = {}) =>
  ownershipOf(claimed(members, more), members).fullest

const distinct = (ids: readonly string[]) => new Set(ids).size === ids.length

function allDistinct(ring: Ring, count: number): boolean {
  return ring.lists.every((list, partition) => {
    const fallbacks = ring.fallbacks[partition] ?? []
    return list.length === count && distinct([...list, ...fallbacks])
  })
}

// A change of any of these is a new version of the function: nodes of both would disagree on
// who owns what. Raise `ringVersion`; never edit a vector of a version that was released.
t.test('golden vectors of version 1', async t => {
  t.equal(ringVersion, 1)
  const vectors: [string, RingMember[], object][] = [
    ['ac54477ba51ae4bb4c212f21450f3052', membersOf([1, 1, 1, 1, 1]), {}],
    ['6210d4daa90daac573b617bdead07baa', membersOf([3, 1, 1, 1]), {}],
    ['21e7446a82f747e61e9ce3fc08daae8e', membersOf([10, 1, 1]), {}],
    ['7a123d8b2ab0b31b31637caf02b7ceaf', membersOf([1, 1, 1, 3, 3]), { partitions: 4096 }],
    ['42fba277e9c36c9a5e620acbc5aa01eb', membersOf([1, 1, 2, 4, 4]), { fallbacks: 1 }],
    [
      'c3612d08f855e594cb5ce11e9d152cf0',
      membersOf([0.5, 1, 1, 2, 3, 4], ['a', 'b']),
      { fallbacks: Infinity },
    ],
    ['a1d0fd48184a7ded8c74e39f5cd9a6c3', membersOf([1, 2, 1, 1, 1, 3, 1], ['a', 'b', 'c']), {}],
    [
      '080372e0a42251522d9ffe009cf40833',
      membersOf([1, 1, 1], ['a', 'b', 'c']),
      { partitions: 1, fallbacks: 0 },
    ],
    ['3c3206007b210f89c28cd02d9bb58ba8', equalMembers(50, 1), { partitions: 2048 }],
  ]
  for (const [expected, members, more] of vectors) {
    const { lists, fallbacks } = claimed(members, more)
    const found = hexOf(nodeHash.sha256(JSON.stringify([lists, fallbacks]))).slice(0, 32)
    t.equal(found, expected, members.map(({ weight, zone }) => `${weight}${zone}`).join(' '))
  }
})

t.test('every list holds N distinct nodes, whatever the weights', async t => {
  t.ok(allDistinct(claimed(membersOf([3, 1, 1, 1])), 3))
  t.ok(allDistinct(claimed(membersOf([10, 1, 1])), 3))
  t.ok(allDistinct(claimed(membersOf([64, 1, 1, 1, 1, 1 / 64])), 3))
  fc.assert(
    fc.property(
      anyMembers({ min: 5, max: 12, zones: 6, weight: 12 }),
      fc.integer({ min: 1, max: 5 }),
      (members, replicas) => allDistinct(claimed(members, { partitions: 64, replicas }), replicas),
    ),
  )
})

t.test('zones differ in every list where there are N of them', async t => {
  const members = anyMembers({ min: 3, max: 12, zones: 5, weight: 6 })
  fc.assert(
    fc.property(members, fc.integer({ min: 1, max: 3 }), (members, replicas) => {
      const zones = new Map(members.map(({ id, zone }) => [id, zone]))
      fc.pre(new Set(zones.values()).size >= replicas)
      const ring = claimed(members, { partitions: 64, replicas })
      t.ok(ring.lists.every(list => distinct(list.map(id => zones.get(id) ?? ''))))
    }),
  )
})

t.test('two equal zones are both in every list of three', async t => {
  for (let seed = 0; seed < 20; seed++) {
    const members = equalMembers(6, seed, ['a', 'b'])
    const zones = new Map(members.map(({ id, zone }) => [id, zone]))
    const ring = claimed(members)
    t.ok(ring.lists.every(list => new Set(list.map(id => zones.get(id))).size === 2))
  }
})

t.test('the ring does not depend on the order in which members are listed', async t => {
  const shuffled = anyMembers({ min: 4, max: 8, zones: 4, weight: 4 }).chain(members =>
    fc.tuple(
      fc.constant(members),
      fc.shuffledSubarray(members, { minLength: members.length, maxLength: members.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, ([members, others]) => {
      const more = { partitions: 64 }
      t.same(claimed(members, more), claimed(others, more))
    }),
    { numRuns: 50 },
  )
})

t.test('fallbacks are the next nodes round the walk, their zones spread', async t => {
  const members = membersOf([1, 1, 1, 1, 1, 1, 1, 1, 1], ['a', 'b', 'c'])
  const zones = new Map(members.map(({ id, zone }) => [id, zone]))
  const ring = claimed(members)
  for (const fallbacks of ring.fallbacks) {
    t.equal(new Set(fallbacks.map(id => zones.get(id))).size, 3)
  }
  const all = claimed(members, { fallbacks: Number.POSITIVE_INFINITY })
  for (const [partition, fallbacks] of all.fallbacks.entries()) {
    t.equal(fallbacks.length, 6)
    t.same(fallbacks.slice(0, 3), ring.fallbacks[partition], 'a longer list begins alike')
  }
  t.same(claimed(members.slice(0, 3)).fallbacks[0], [], 'fewer where there are fewer')
  t.same(claimed(members, { fallbacks: 0 }).fallbacks[0], [])
})

t.test('the fullest node stays near its share', async t => {
  const report = (what: string, limit: number, fullest: readonly number[]) => {
    const worst = Math.max(...fullest)
    t.comment(
      `fullest / share, ${what}: ${median(fullest).toFixed(3)}, at most ${worst.toFixed(3)}`,
    )
    t.ok(worst <= limit, `${what}: at most ${limit}`)
  }
  const seeds = Array.from({ length: 100 }, (_, seed) => seed)
  for (const count of [4, 5, 6]) {
    const fullest = seeds.map(seed => fullestOf(equalMembers(count, seed)))
    report(`${count} equal nodes, Q=256`, 1.09, fullest)
  }
  const fifty = seeds
    .slice(0, 20)
    .map(seed => fullestOf(equalMembers(50, seed), { partitions: 2048 }))
  report('50 equal nodes, Q=2048', 1.07, fifty)
  // 1.25 is asked for; 1.15 holds since a short walk swaps (`primaries.ts`).
  for (const count of [4, 5, 6, 8]) {
    const sets = fc.sample(anyMembers({ min: count, max: count, zones: 1, weight: 4 }), {
      numRuns: 200,
      seed: 1,
    })
    report(
      `${count} nodes of weights 1 to 4, Q=256`,
      1.25,
      sets.map(members => fullestOf(members)),
    )
  }
})

t.test('what no ring can be claimed for breaks an invariant', async t => {
  t.throws(() => claimed(membersOf([1, 1])), /at least N members/)
  t.throws(() => claimed(membersOf([1, 1, 1]), { partitions: 100 }), /power of two/)
  t.throws(() => claimed(membersOf([1, 1, 1, 0])), /a weight is above 0/)
  t.throws(() => claimed(membersOf([1, 1, 1, weightMax + 1])), /a weight is above 0/)
  t.throws(() => claimed(membersOf([1, 1, 1, 1 / 3])), /64ths/)
  t.throws(() => claimed([...membersOf([1, 1, 1]), ...membersOf([1])]), /listed once/)
})

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
}
