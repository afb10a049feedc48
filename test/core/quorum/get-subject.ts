import t from 'tap'
import type { Key } from '../../../src/core/ids.ts'
import { objectRowKey } from '../../../src/core/row-key.ts'
import { codeOf, TestCluster, valuesOf } from '../../helpers/replicas.ts'

t.test('a coordinator whose own row is damaged reads the others', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'v'))
  cluster.settle()
  const node = cluster.node('n1')
  const key = 'k' as Key
  const row = objectRowKey(node.replica.placement.tokenOf(key), key)
  node.disk.set(row, new Uint8Array(node.disk.get(row)!.length))
  t.same(valuesOf(cluster.call('n1', cluster.get('k'))), ['v'])
  t.equal(codeOf(cluster.call('n1', cluster.get('k', 3))), 'QUORUM')
})

t.test('an object that cannot be read is a lost answer', async t => {
  const cluster = new TestCluster(5)
  cluster.call('n1', cluster.put('k', 'v'))
  cluster.settle()
  const reader = cluster.nodes.find(({ id }) => !cluster.primaries('k').includes(id))!
  cluster.ask(reader.id, cluster.get('k'))
  for (const { from, to, message } of cluster.letters.splice(0)) {
    cluster.deliver({ from, to, message })
  }
  const damagedAnswers = cluster.letters.splice(0).map(letter => {
    const { message } = letter
    if (message.type !== 'held' || message.object === undefined) return letter
    return { ...letter, message: { ...message, object: message.object.slice(1) } }
  })
  for (const letter of damagedAnswers) cluster.deliver(letter)
  cluster.settle()
  t.same(valuesOf(reader.replies.at(-1)), ['v'], 'it was fetched from another')
})
