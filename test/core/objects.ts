import t from 'tap'
import { bytesOf } from '../../src/core/binary.ts'
import { encodeObject } from '../../src/core/causality/object.ts'
import type { Record } from '../../src/core/causality/record.ts'
import { mergeSiblings, noSiblings, putVersion } from '../../src/core/causality/siblings.ts'
import { Tree } from '../../src/core/entropy/tree.ts'
import { Hints } from '../../src/core/handoff/hints.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Actor, Key, NodeId, OpId, StartId } from '../../src/core/ids.ts'
import { damaged } from '../../src/core/object-rows.ts'
import { Objects } from '../../src/core/objects.ts'
import { Pending } from '../../src/core/pending.ts'
import { stampsOf } from '../../src/core/reaping/reaping.ts'
import type { RowKey } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { wholenessOf } from '../helpers/wholeness.ts'

const key = 'k' as Key
const token = tokenOf(nodeHash, key)

function copyOf(actor: string, counter = 1) {
  const value = bytesOf(`${actor}${counter}`)
  const version = {
    dot: { actor: actor.repeat(8) as Actor, counter },
    op: actor.repeat(12) as OpId,
    tombstone: false,
    checksum: nodeHash.crc32(value),
    at: 0,
    via: 'n1' as NodeId,
    value,
  }
  const siblings = putVersion(noSiblings, { vector: [], ops: [], pins: [] }, version)
  return { siblings, object: encodeObject(siblings), time: counter, generation: counter }
}

function start(owns = false) {
  const disk = new Map<RowKey, Uint8Array>()
  const pending = new Pending<Record, string>()
  const reads = { get: (row: RowKey) => disk.get(row), range: () => [] }
  const digestKey = 'd'.repeat(32)
  const hints = new Hints<string>({ hash: nodeHash, digestKey, reads, pending, bytesMax: 4096 })
  const partitions = 16
  const tree = new Tree({ hash: nodeHash, digestKey, reads, partitions, checkpointChanges: 1 })
  const placement = { owns: () => owns }
  const stamps = stampsOf<string>({ hash: nodeHash, reads, pending, partitions, placement })
  const wholeness = wholenessOf()
  const parts = { hash: nodeHash, digestKey, reads, pending, hints, tree, wholeness, ...stamps }
  const objects = new Objects<string>(parts)
  const flush = () => {
    const commit = pending.turn()
    if (commit?.type !== 'commit') return []
    for (const row of commit.rows) disk.set(row.key, row.value ?? new Uint8Array())
    return pending.settle({ type: 'stored', commit: commit.commit, result: 'durable' })
  }
  return { disk, objects, flush, pending }
}

t.test('base sees what is pending, durable sees the disk', async t => {
  const { objects, flush } = start()
  t.equal(objects.base(token, key), undefined)
  t.equal(objects.merge(token, key, copyOf('a'), 'then'), 'waits')
  t.equal(objects.base(token, key)?.siblings.versions.length, 1)
  t.equal(objects.durable(token, key), undefined)
  t.equal(objects.durableDigest(token, key), '')
  t.same(flush(), ['then'])
  const held = objects.durable(token, key)
  if (held === damaged || held === undefined) throw new Error('nothing held')
  t.equal(objects.durableDigest(token, key), held.digest)
})

t.test('a copy that brings nothing writes nothing, and waits for what is pending', async t => {
  const { objects, flush } = start()
  objects.merge(token, key, copyOf('a'), 'first')
  t.equal(objects.merge(token, key, copyOf('a'), 'second'), 'waits')
  t.same(flush(), ['first', 'second'])
  t.equal(objects.merge(token, key, copyOf('a'), 'third'), 'held')
})

t.test('merges keep the actor field, the lower generation, the later time', async t => {
  const { objects, flush } = start()
  const field = { actor: 'aaaaaaaa' as Actor, start: 's'.repeat(8) as StartId }
  objects.writeOwn(
    objects.baseOf(token, key, undefined),
    undefined,
    { ...copyOf('a', 2), field },
    'own',
  )
  objects.merge(token, key, copyOf('b', 7), 'copy')
  const base = objects.base(token, key)
  t.same(base?.field, field)
  t.equal(base?.generation, 2)
  t.equal(base?.time, 7)
  flush()
  objects.merge(token, key, copyOf('a', 3), 'more of our own actor')
  t.equal(objects.base(token, key)?.field, undefined)
})

t.test('a damaged row is told to readers and counts as none for writers', async t => {
  const { objects, flush, disk } = start()
  objects.merge(token, key, copyOf('a'), '')
  flush()
  for (const bytes of disk.values()) bytes[20]! ^= 1
  t.equal(objects.durable(token, key), damaged)
  t.equal(objects.durableDigest(token, key), damaged)
  t.equal(objects.base(token, key), undefined)
  objects.merge(token, key, copyOf('b'), '')
  flush()
  t.type(objects.durableDigest(token, key), 'string')
  t.not(objects.durableDigest(token, key), damaged)
})

t.test('what is merged is what a merge of the objects is', async t => {
  const { objects } = start()
  const [a, b] = [copyOf('a'), copyOf('b')]
  objects.merge(token, key, a, '')
  objects.merge(token, key, b, '')
  t.same(objects.base(token, key)?.siblings, mergeSiblings(a.siblings, b.siblings))
})

t.test(
  'the field of a row stays with it: a hint of the key begins an actor of its own',
  async t => {
    const { objects, flush } = start()
    const field = { actor: 'aaaaaaaa' as Actor, start: 's'.repeat(8) as StartId }
    objects.writeOwn(
      objects.baseOf(token, key, undefined),
      undefined,
      { ...copyOf('a', 2), field },
      'own',
    )
    flush()
    const owner = 'n2' as NodeId
    const { own, all } = objects.baseOf(token, key, owner)
    t.equal(own, undefined)
    t.equal(all?.siblings.versions.length, 1)
    t.equal(all?.field, undefined, 'with no hint held')
    objects.hints.keep('n3' as NodeId, token, key, copyOf('b'), undefined)
    t.equal(objects.baseOf(token, key, owner).all?.field, undefined, 'with one for another owner')
    t.same(objects.baseOf(token, key, undefined).all?.field, field, 'the row itself has it')
  },
)

t.test('nothing passes the gate from below the floor, nor while a partition is closed', async t => {
  const { objects, flush } = start(true)
  const { generations } = objects
  const partition = generations.partitionOf(token)
  objects.merge(token, key, copyOf('a', 1), 'a')
  flush()
  generations.write(partition, { generation: 3, floor: 3, reaped: 3 })
  generations.turn()
  flush()
  generations.settled()
  const owner = 'n2' as NodeId
  const low = copyOf('b', 2)
  const high = copyOf('c', 3)
  t.equal(objects.merge(token, key, low, 'low'), 'refused')
  t.equal(objects.merge(token, key, copyOf('a', 1), 'brings nothing'), 'refused')
  t.equal(objects.keep(owner, token, key, low, 'low'), 'refused')
  const base = objects.baseOf(token, key, undefined)
  t.throws(() => objects.writeOwn(base, undefined, { ...low, field: undefined }, 'low'))
  generations.close(partition)
  t.equal(objects.merge(token, key, high, 'closed'), 'refused')
  t.equal(objects.keep(owner, token, key, high, 'closed'), 'refused')
  t.throws(() => objects.writeOwn(base, undefined, { ...high, field: undefined }, 'closed'))
  t.same(flush(), [], 'nothing was written, and nothing waits')
  t.equal(objects.base(token, key)?.siblings.versions.length, 1)
  generations.open(partition)
  t.equal(objects.merge(token, key, high, 'high'), 'waits')
  t.equal(objects.base(token, key)?.siblings.versions.length, 2)
})

t.test(
  'what is left out of a row needs no generation: a closed partition is reaped too',
  async t => {
    const { objects, flush } = start(true)
    objects.merge(token, key, copyOf('a'), 'a')
    flush()
    objects.generations.close(objects.generations.partitionOf(token))
    objects.restate(token, key)
    objects.remove(token, key, 0)
    t.equal(objects.base(token, key), undefined)
  },
)
