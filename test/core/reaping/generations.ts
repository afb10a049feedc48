import t from 'tap'
import { encodeObject } from '../../../src/core/causality/object.ts'
import type { Record } from '../../../src/core/causality/record.ts'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import type { Key, Partition, Token } from '../../../src/core/ids.ts'
import { Pending } from '../../../src/core/pending.ts'
import { Generations } from '../../../src/core/reaping/generations.ts'
import { encodeState, partitionRowKey } from '../../../src/core/reaping/partition-rows.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { putOn } from '../../helpers/exchange-pair.ts'
import { contextOf, TestCluster, valuesOf } from '../../helpers/replicas.ts'

const ours = '\x10'.padEnd(8, '\0') as Token
const theirs = '\x20'.padEnd(8, '\0') as Token
const one = 1 as Partition

function start(disk = new Map<RowKey, Uint8Array>()) {
  const pending = new Pending<Record, string>()
  const reads = {
    get: (row: RowKey) => disk.get(row),
    range: () => [...disk].map(([key, value]) => ({ key, value })),
  }
  const owns = (token: Token) => token === ours
  const parts = { hash: nodeHash, reads, pending, partitions: 16, owns }
  const generations = new Generations<string>(parts)
  const flush = () => {
    const commit = pending.turn(() => {
      generations.turn()
      return []
    })
    if (commit?.type !== 'commit') return []
    for (const { key, value } of commit.rows) disk.set(key, value as Uint8Array)
    const then = pending.settle({ type: 'stored', commit: commit.commit, result: 'durable' })
    generations.settled()
    return then
  }
  return { disk, generations, flush }
}

t.test('a floor counts at once, a stamp once it is durable', async t => {
  const { generations, flush, disk } = start()
  t.equal(generations.floorOf(ours), 0)
  t.equal(generations.stampOf(ours), 0)
  generations.write(one, { generation: 5, floor: 4, reaped: 3 }, 'then')
  t.equal(generations.floorOf(ours), 4)
  t.equal(generations.stampOf(ours), 0, 'a crash may take it back')
  t.same(flush(), ['then'])
  t.equal(generations.stampOf(ours), 5)
  t.equal(generations.floorOf(theirs), 0, 'another partition')
  const again = start(disk).generations
  t.same(again.of(one), { generation: 5, floor: 4, reaped: 3 })
  t.equal(again.stampOf(ours), 5)
  t.equal(again.rows, 1)
})

t.test('what gathers behind a commit is not durable with it', async t => {
  const { generations } = start()
  generations.write(one, { generation: 5, floor: 4, reaped: 3 })
  generations.turn()
  generations.write(one, { generation: 6, floor: 4, reaped: 3 })
  generations.settled()
  t.equal(generations.stampOf(ours), 5)
})

t.test('rows of others are as old as they say', async t => {
  const { generations, flush } = start()
  generations.write(one, { generation: 5, floor: 0, reaped: 0 })
  generations.write(2 as Partition, { generation: 5, floor: 0, reaped: 0 })
  flush()
  t.equal(generations.ofRow(ours, 2), 5)
  t.equal(generations.ofRow(theirs, 2), 2)
  t.equal(generations.toldOf(ours), 5)
  t.equal(generations.toldOf(theirs), 0, 'a fallback may be ahead of all owners')
})

t.test('a damaged row is as if nothing was ever reaped', async t => {
  const disk = new Map([[partitionRowKey(one), new Uint8Array(17)]])
  t.equal(start(disk).generations.floorOf(ours), 0)
})

/** Every node of a cluster in this state, for every partition. */
function raised(generation: number, floor: number) {
  const cluster = new TestCluster(5)
  for (const node of cluster.nodes) write(cluster, node.id, generation, floor)
  for (const node of cluster.nodes) node.restart()
  for (const node of cluster.nodes) restart(cluster, node.id)
  return cluster
}
function write(cluster: TestCluster, node: string, generation: number, floor: number) {
  const bytes = encodeState(nodeHash, { generation, floor, reaped: floor })
  const { disk } = cluster.node(node)
  for (let i = 0; i < 16; i++) disk.set(partitionRowKey(i as Partition), bytes)
}
function restart(cluster: TestCluster, node: string) {
  cluster.node(node).restart()
  for (const { id } of cluster.members) {
    if (id !== node) cluster.node(node).step({ type: 'connected', node: id })
  }
  cluster.pass(20)
  cluster.settle()
}

t.test('a put that knows no generation is refused for certain, and told the floor', async t => {
  const cluster = raised(7, 7)
  const first = cluster.call('n1', cluster.put('k', 'v'))
  t.match(first, {
    type: 'failed',
    failure: { code: 'BELOW_FLOOR', floor: 7, outcome: { definite: true } },
  })
  const put = cluster.put('k', 'v', { generation: 7 })
  t.equal(cluster.call('n1', put)?.type, 'wrote')
  const got = cluster.call('n2', cluster.get('k'))
  t.match(got, { type: 'got', generation: 7 })
  t.same(valuesOf(got), ['v'])
  const again = cluster.call('n1', { ...put, generation: 0, again: true })
  t.equal(again?.type, 'wrote', 'an operation that is known is not lost')
})

t.test('a second send below the floor is unknown', async t => {
  const cluster = raised(7, 7)
  t.match(cluster.call('n1', cluster.put('k', 'v', { generation: 6, again: true })), {
    type: 'failed',
    failure: { code: 'RETRY_EXPIRED', floor: 7, outcome: { definite: false } },
  })
  t.same(valuesOf(cluster.call('n1', cluster.get('k'))), [])
})

t.test('a copy below the floor is read again by its coordinator', async t => {
  const cluster = raised(7, 6)
  const key = cluster.keyAt('n1', true)
  const put = cluster.put(key, 'v', { generation: 6, w: 3 })
  cluster.ask('n1', put)
  const [other = ''] = cluster.primaries(key).filter(node => node !== 'n1')
  const late = cluster.letters.splice(0)
  t.ok(late.every(({ message }) => message.type === 'store' && message.generation === 6))
  write(cluster, other, 7, 7)
  restart(cluster, other)
  cluster.letters.push(...late)
  cluster.settle()
  t.match(cluster.node('n1').replies.at(-1), {
    type: 'wrote',
    outcome: { primaryAcks: { length: 3 } },
  })
})

t.test('a hint is as old as the oldest of what was merged into it', async t => {
  const cluster = raised(7, 5)
  const key = cluster.keyAt('n1', false) as Key
  const { placement } = cluster.node('n1').replica
  const token = placement.tokenOf(key)
  const owner = placement.primaries(token)[0]!
  const envelope = {
    type: 'store',
    epoch: cluster.epoch,
    timeLeft: 1000,
    key,
    token,
    owner,
  } as const
  const keep = (id: number, generation: number, value: string) => {
    const object = encodeObject(putOn(noSiblings, value, value))
    const message = { ...envelope, id, object, generation, time: 0 }
    cluster.node('n1').step({ type: 'message', from: 'n2' as never, message })
    cluster.node('n1').flush()
    return cluster.letters.splice(0).map(letter => letter.message)
  }
  keep(1, 7, 'a')
  keep(2, 5, 'b')
  keep(3, 7, 'c')
  t.match(keep(4, 4, 'd'), [{ type: 'stored', refused: { code: 'BELOW_FLOOR', floor: 5 } }])
  const read = { ...envelope, type: 'read', id: 9, full: true, owner: undefined } as const
  cluster.node('n1').step({ type: 'message', from: 'n2' as never, message: read })
  t.match(cluster.letters.splice(0)[0]?.message, { type: 'held', generation: 5 })
})

t.test('a client that sees a context of old puts after it has heard the floor', async t => {
  const cluster = raised(7, 7)
  cluster.call('n1', cluster.put('k', 'v', { generation: 7 }))
  const context = contextOf(cluster.call('n1', cluster.get('k')))
  t.equal(cluster.call('n3', cluster.put('k', 'w', { generation: 7, context }))?.type, 'wrote')
  t.same(valuesOf(cluster.call('n2', cluster.get('k'))), ['w'])
})
