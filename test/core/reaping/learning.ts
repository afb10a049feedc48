import t from 'tap'
import type { Key, NodeId, Partition } from '../../../src/core/ids.ts'
import { viewOf } from '../../../src/core/membership/view.ts'
import { Placement } from '../../../src/core/placement.ts'
import { Learning } from '../../../src/core/reaping/learning.ts'
import { encodeLearnt } from '../../../src/core/reaping/round-parts.ts'
import type { Steps } from '../../../src/core/reaping/steps.ts'
import { roleOf } from '../../../src/core/ring/preference-list.ts'
import type { Effect, RowKey } from '../../../src/core/step.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { HintHolder } from '../../helpers/hint-holder.ts'
import { entryOf } from '../../helpers/members.ts'
import { begin, copyFrom, endOf, remove } from '../../helpers/reaping-scenarios.ts'
import {
  codeOf,
  live,
  startOn,
  TestCluster,
  type TestNode,
  valuesOf,
} from '../../helpers/replicas.ts'
import { wholenessOf } from '../../helpers/wholeness.ts'

/** A key that was deleted and reaped, and the disk of an owner from before. */
function reaped() {
  const world = begin()
  const { cluster, key, owners } = world
  cluster.call('n1', cluster.put(key, 'v'))
  cluster.call('n1', cluster.put('stays', 'v'))
  const old = new Map(owners[2]!.disk)
  const late = copyFrom(cluster, owners[0]!, key)
  remove(cluster, key, 'n1')
  live(cluster, 20_000)
  if (owners[0]!.objects + owners[1]!.objects > 2) throw new Error('nothing was reaped')
  return { ...world, old, late }
}

t.test('an old directory sets aside what is behind, and the deleted value stays away', async t => {
  const { cluster, key, owners, old } = reaped()
  startOn(cluster, owners[2]!, old)
  t.equal(codeOf(cluster.call(owners[2]!.id, cluster.put(key, 'w'))), 'BUSY', 'it asks first')
  live(cluster, 2000)
  const early = cluster.call(owners[2]!.id, cluster.get(key, 3))
  t.equal(codeOf(early), 'QUORUM', 'what is emptied counts for nothing')
  live(cluster, 30_000)
  t.same(valuesOf(cluster.call(owners[2]!.id, cluster.get(key, 3))), [])
  t.equal(endOf(cluster, key), 'gone')
  t.same(valuesOf(cluster.call(owners[2]!.id, cluster.get('stays', 3))), ['v'])
})

t.test('an empty directory takes no copy that the others would refuse', async t => {
  const { cluster, key, owners, late } = reaped()
  startOn(cluster, owners[2]!, new Map(old(owners[2]!)))
  live(cluster, 2000)
  owners[2]!.step({ type: 'message', from: owners[0]!.id, message: late })
  owners[2]!.flush()
  t.equal(endOf(cluster, key), 'gone')
})
/** What is no object, hint or state: as if nothing was ever held. */
function old(node: TestNode): [RowKey, Uint8Array][] {
  return [...node.disk].filter(([row]) => row < '\x10' || row >= '\x50')
}

t.test('a start takes and tells nothing before it has heard of another owner', async t => {
  const { cluster, key, owners } = begin()
  cluster.call('n1', cluster.put(key, 'v'))
  const node = owners[0]!
  node.restart()
  node.step({ type: 'request', caller: 1 as never, request: cluster.put(key, 'w') })
  t.match(node.replies.at(-1), { failure: { code: 'BUSY', outcome: { definite: true } } })
  for (const { id } of cluster.members) {
    if (id !== node.id) node.step({ type: 'connected', node: id })
  }
  live(cluster, 250)
  t.equal(cluster.call(node.id, cluster.put(key, 'w'))?.type, 'wrote')
})

t.test('whoever has not reaped yet is told by one that has, without another round', async t => {
  const { cluster, key, owners } = begin()
  cluster.call('n1', cluster.put(key, 'v'))
  remove(cluster, key, 'n1')
  const last = owners[2]!
  live(cluster, 20_000, ({ to, message }) => {
    const isLate = message.type === 'round' && (message.step === 'reap' || message.step === 'learn')
    return !(isLate && to === last.id) && message.type !== 'rounded'
      ? true
      : message.type === 'rounded'
  })
  t.equal(owners[0]!.objects, 0)
  live(cluster, 12_000)
  t.equal(last.objects, 0)
  t.equal(endOf(cluster, key), 'gone')
})

t.test('a node that is new to a partition is closed until an owner was heard', async t => {
  const names = Array.from({ length: 9 }, (_, i) => `n${i + 1}`)
  const { settings } = new TestCluster(3)
  const entries = names.map(id => entryOf(id))
  const self = 'n1' as NodeId
  const placement = new Placement(
    self,
    settings,
    viewOf(entries.slice(0, 8)),
    nodeHash,
    () => false,
  )
  const holder = new HintHolder<never>()
  const { objects, pending } = holder
  const { generations } = objects
  const learning = new Learning({
    hash: nodeHash,
    placement,
    objects: objects as never,
    pending: pending as never,
    marks: { of: () => undefined, remove: () => undefined } as never,
    steps: {} as Steps,
    timing: { cutAgeMs: 1, skewMs: 1, pauseMs: 1000, passMsMax: 1 },
    random: count => 'r'.repeat(count),
    wholeness: wholenessOf(),
    isNew: true,
  })
  const own = () =>
    Array.from({ length: 16 }, (_, i) => i as Partition).filter(
      partition => roleOf(placement.ring, partition, self) !== 'none',
    )
  const before = own()
  t.ok(before.length < 16 && before.every(partition => generations.isOpen(partition)))
  placement.adopt(viewOf([...entries.slice(0, 3), ...entries.slice(4)]))
  for (const id of names.slice(1)) placement.connected(id as NodeId)
  const out: Effect[] = []
  learning.tick(0 as never, 0, out)
  const fresh = own().filter(partition => !before.includes(partition))
  t.ok(fresh.length > 0)
  t.ok(
    fresh.every(partition => !generations.isOpen(partition)),
    'closed',
  )
  t.ok(own().every(one => fresh.includes(one) || generations.isOpen(one)))
  for (const effect of out) {
    if (effect.type !== 'send' || effect.message.type !== 'round') throw new Error('what is it?')
    const { ring } = placement
    const told = fresh
      .filter(partition => ring.lists[partition]?.includes(effect.to))
      .map(partition => ({ partition, generation: 8, floor: 7, reaped: 7 }))
    const parts = Uint8Array.from([0, ...encodeLearnt(told)])
    const answer = { type: 'rounded', id: effect.message.id, done: true, parts } as const
    t.equal(learning.answered(effect.to, answer, 0 as never), true)
    t.equal(learning.answered(effect.to, answer, 0 as never), false, 'once')
  }
  learning.tick(20 as never, 0, [])
  t.ok(
    fresh.every(partition => !generations.isOpen(partition)),
    'that they begin anew is not on the disk yet',
  )
  holder.flush()
  learning.tick(40 as never, 0, [])
  for (const partition of fresh) {
    t.same(generations.of(partition), { generation: 7, floor: 7, reaped: 7 })
    t.equal(generations.isOpen(partition), true)
  }
})

t.test('a hint of an old directory that no owner would take is dropped', async t => {
  const { cluster, key, owners, others, late } = reaped()
  const fallback = others[0]!
  const disk = new Map(old(fallback))
  startOn(cluster, fallback, new Map())
  const hint = { ...late, owner: owners[2]!.id }
  live(cluster, 250)
  // Its directory is from before the round, with a hint in it.
  const world = begin()
  world.others[0]!.step({ type: 'message', from: owners[0]!.id, message: hint })
  world.others[0]!.flush()
  for (const [row, bytes] of world.others[0]!.disk) if (row[0] === '\x20') disk.set(row, bytes)
  startOn(cluster, fallback, disk)
  t.equal([...fallback.disk.keys()].filter(row => row[0] === '\x20').length, 1)
  t.equal(endOf(cluster, key as Key), 'gone')
  t.equal([...fallback.disk.keys()].filter(row => row[0] === '\x20').length, 0)
})
