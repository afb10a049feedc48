import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import { viewOf } from '../../../src/core/membership/view.ts'
import { Placement } from '../../../src/core/placement.ts'
import { type Seat, seatsOf } from '../../../src/core/quorum/seats.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { entryOf } from '../../helpers/members.ts'
import { TestCluster } from '../../helpers/replicas.ts'

const key = 'k' as Key

type World = {
  readonly nodes: number
  readonly replicas: number
  readonly fallbacks: number
  /** Position on the walk of the node that coordinates. */
  readonly self: number
  /** Positions of those that cannot be reached. */
  readonly away: readonly number[]
}

function seatsIn({ nodes, replicas, fallbacks, self, away }: World) {
  const { settings } = new TestCluster(1)
  const names = Array.from({ length: nodes }, (_, i) => `n${i + 1}` as NodeId)
  const view = viewOf(names.map(id => entryOf(id)))
  const own = { ...settings, replicas, fallbacks }
  const any = new Placement(names[0]!, own, view, nodeHash, () => false)
  const token = any.tokenOf(key)
  const walk = [...any.primaries(token), ...any.fallbacks(token)]
  const placement = new Placement(walk[self]!, own, view, nodeHash, () => false)
  for (const [i, node] of walk.entries()) if (!away.includes(i)) placement.connected(node)
  return { seats: seatsOf(placement, token), walk, placement, token }
}

/** Seats by positions on the walk. */
function shown(world: World): (readonly [number, number | undefined])[] {
  const { seats, walk } = seatsIn(world)
  const at = (node: NodeId) => walk.indexOf(node)
  return seats.map(({ node, owner }) => [at(node), owner === undefined ? undefined : at(owner)])
}

const usual = { nodes: 6, replicas: 3, fallbacks: 3, self: 0, away: [] }

t.test('all primaries are there: theirs are the seats', async t => {
  t.same(shown(usual), [
    [0, undefined],
    [1, undefined],
    [2, undefined],
  ])
})

t.test('the next fallback that can be reached sits for each primary that cannot', async t => {
  t.same(shown({ ...usual, away: [1, 2, 3] }), [
    [0, undefined],
    [4, 1],
    [5, 2],
  ])
  t.same(shown({ ...usual, away: [1, 2, 4, 5] }), [
    [0, undefined],
    [3, 1],
  ])
})

t.test('who stands in and coordinates has the first of these seats, or one more', async t => {
  t.same(shown({ ...usual, self: 5, away: [0, 1, 2] }), [
    [5, 0],
    [3, 1],
    [4, 2],
  ])
  t.same(shown({ ...usual, self: 4 }), [
    [0, undefined],
    [1, undefined],
    [2, undefined],
    [4, 0],
  ])
})

t.test('no fallbacks, one replica, two', async t => {
  t.same(shown({ ...usual, nodes: 3, fallbacks: 0, away: [1] }), [
    [0, undefined],
    [2, undefined],
  ])
  t.same(shown({ ...usual, replicas: 1, fallbacks: 1, self: 1, away: [0] }), [[1, 0]])
  t.same(shown({ ...usual, replicas: 2, fallbacks: 2, self: 0, away: [1, 2] }), [
    [0, undefined],
    [3, 1],
  ])
})

const world: fc.Arbitrary<World> = fc
  .record({
    nodes: fc.integer({ min: 1, max: 8 }),
    replicas: fc.integer({ min: 1, max: 4 }),
    fallbacks: fc.nat(8),
    self: fc.nat(7),
    away: fc.array(fc.nat(7)),
  })
  .map(({ nodes, replicas, fallbacks, self, away }) => {
    const owners = Math.min(nodes, replicas)
    const spare = Math.min(nodes - owners, fallbacks)
    return { nodes, replicas: owners, fallbacks: spare, self: self % (owners + spare), away }
  })

t.test('a node sits once, only who can be reached does, and for owners that are away', async () => {
  fc.assert(
    fc.property(world, world => {
      const { seats, walk, placement, token } = seatsIn(world)
      const nodes = seats.map(({ node }) => node)
      equal(new Set(nodes).size, nodes.length)
      ok(nodes.every(node => placement.reachable(node)))
      equal(nodes.filter(node => node === placement.self).length, 1, 'the coordinator has a seat')
      const primaries = placement.primaries(token)
      const isThere = (node: NodeId) => placement.reachable(node)
      const own = seats.filter(({ owner }: Seat) => owner === undefined)
      deepEqual(
        own.map(({ node }) => node),
        primaries.filter(isThere),
      )
      const away = primaries.filter(node => !isThere(node))
      const spare = walk.slice(primaries.length).filter(isThere)
      const standIns = seats.filter(({ owner }) => owner !== undefined)
      if (away.length > 0 || placement.owns(token)) {
        deepEqual(
          standIns.map(({ owner }) => owner),
          away.slice(0, spare.length),
        )
      }
      ok(standIns.every(({ node, owner }) => spare.includes(node) && primaries.includes(owner!)))
    }),
  )
})
