import t from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import { codeOf, TestCluster, valuesOf } from '../helpers/replicas.ts'

t.test('an ack leaves only when the copy is durable', async t => {
  const cluster = new TestCluster(3)
  cluster.ask('n1', cluster.put('k', 'v'))
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  t.equal(cluster.letters.length, 0, 'no ack before the flush')
  t.equal(cluster.node('n1').replies.length, 0)
  cluster.node('n2').flush()
  t.equal(cluster.letters.length, 1, 'one ack after it')
  cluster.settle()
  t.equal(cluster.node('n1').replies[0]?.type, 'wrote')
})

t.test('puts of one turn build on each other and leave as one commit', async t => {
  const cluster = new TestCluster(3)
  const node = cluster.node('n1')
  const earlier = node.replica.observe().commits
  for (let i = 0; i < 10; i++) cluster.ask('n1', cluster.put('k', `v${i}`))
  node.step({ type: 'turn' })
  t.equal(node.commit?.rows.length, 2, 'the object, and one marker of the tree')
  cluster.ask('n1', cluster.put('k', 'later'))
  node.step({ type: 'turn' })
  t.equal(node.commit?.commit, earlier + 1, 'the next commit waits for the one under way')
  node.flush()
  cluster.settle()
  t.equal(valuesOf(cluster.call('n2', cluster.get('k'))).length, 11)
})

t.test('every request ends by its deadline and leaves nothing behind', async t => {
  const cluster = new TestCluster(5)
  const owned = cluster.keyAt('n1', true)
  const foreign = cluster.keyAt('n1', false)
  cluster.ask('n1', cluster.put(owned, 'v'))
  cluster.ask('n1', cluster.put(foreign, 'v'))
  cluster.ask('n1', cluster.get(owned))
  cluster.ask('n1', cluster.get(foreign))
  cluster.settle(() => false)
  cluster.pass(5001)
  t.same(cluster.node('n1').replies.map(codeOf), ['TIMEOUT', 'TIMEOUT', 'TIMEOUT', 'TIMEOUT'])
  t.equal(cluster.node('n1').replica.observe().coordinating, 0)
})

t.test('a commit in doubt ends the process', async t => {
  const cluster = new TestCluster(3)
  const node = cluster.node('n1')
  cluster.ask('n1', cluster.put('k', 'v'))
  node.step({ type: 'turn' })
  node.step({ type: 'stored', commit: node.commit!.commit, result: 'unknown' })
  t.equal(node.halted, true)
  t.equal(node.replies.length, 0)
})

t.test('the view is told to clients, with addresses that members say themselves', async t => {
  const cluster = new TestCluster(3)
  cluster.node('n2').step({ type: 'listening', host: '127.0.0.1', port: 5999 })
  for (let i = 0; i < 200; i++) {
    cluster.pass(20)
    cluster.settle()
  }
  const view = cluster.call('n1', { type: 'view', id: 1 })
  t.match(view, {
    type: 'viewed',
    members: [
      { id: 'n1', port: 4701 },
      { id: 'n2', port: 5999 },
    ],
  })
  const beliefs = cluster.call('n1', { type: 'gossip', id: 2 })
  t.match(beliefs, { type: 'gossiped', node: 'n1', member: true, refused: 0 })
})

t.test('a node restarts knowing its peers, in a higher incarnation', async t => {
  const cluster = new TestCluster(3)
  const incarnationOf = () => {
    const reply = cluster.call('n1', { type: 'gossip', id: 2 })
    if (reply?.type !== 'gossiped') throw new Error('no beliefs')
    return reply.beliefs.find(belief => belief.node === 'n1')?.incarnation
  }
  t.equal(incarnationOf(), 1)
  cluster.node('n1').restart()
  cluster.node('n1').flush()
  t.equal(incarnationOf(), 2)
  cluster.node('n1').restart()
  t.equal(incarnationOf(), 3)
})

t.test('nobody waits for a suspect: what it owes is lost at once', async t => {
  const cluster = new TestCluster(3)
  const deaf = (letter: { to: string; from: string }) => letter.to !== 'n3' && letter.from !== 'n3'
  for (let i = 0; i < 150; i++) {
    cluster.pass(20)
    cluster.settle(deaf)
  }
  t.equal(cluster.node('n1').replica.placement.reachable('n3' as NodeId), false)
  const reply = cluster.call('n1', cluster.put('k', 'v', { w: 3 }))
  t.equal(codeOf(reply), 'QUORUM', 'refused before anything was done')
  t.equal(codeOf(cluster.call('n1', cluster.put('k', 'v'))), 'wrote')
})
