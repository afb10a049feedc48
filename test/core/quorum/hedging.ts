import fc from 'fast-check'
import t from 'tap'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { Hedging } from '../../../src/core/quorum/hedging.ts'
import { TestCluster, valuesOf } from '../../helpers/replicas.ts'

const [a, b, c] = ['a', 'b', 'c'] as NodeId[] as [NodeId, NodeId, NodeId]
const at = (ms: number) => ms as Instant

t.test('the fastest of late is read, and one that was not seen of late is tried', async t => {
  const hedging = new Hedging()
  t.equal(hedging.fastest([], at(0)), undefined)
  t.equal(hedging.fastest([b, a], at(0)), b, 'none is known: the first')
  hedging.answered(a, 5, false, at(0))
  hedging.answered(b, 2, false, at(0))
  t.equal(hedging.fastest([a, b], at(0)), b)
  t.equal(hedging.fastest([a, b, c], at(0)), c)
  for (let i = 0; i < 5; i++) hedging.answered(b, 200, false, at(10))
  t.equal(hedging.fastest([a, b], at(10)), a, 'b became slow')
  hedging.answered(a, 5, false, at(600_000))
  t.equal(hedging.fastest([a, b], at(600_000)), b, 'that was long ago')
})

t.test('silence is learnt before the answer', async t => {
  const hedging = new Hedging()
  hedging.answered(a, 1, false, at(0))
  hedging.answered(b, 2, false, at(0))
  hedging.silent(a, 20, at(20))
  t.equal(hedging.fastest([a, b], at(20)), b)
  hedging.silent(b, 1, at(20))
  t.equal(hedging.fastest([a, b], at(20)), b, 'shorter than it took before')
})

t.test('late is past the 99th percentile, at most 50 ms', async t => {
  const hedging = new Hedging()
  t.equal(hedging.delayMs, 50)
  for (let i = 1; i <= 512; i++) hedging.answered(a, i % 100 === 0 ? 30 : 1, true, at(i))
  t.equal(hedging.delayMs, 1)
  for (let i = 1; i <= 512; i++) hedging.answered(a, i % 50 === 0 ? 30 : 1, true, at(i))
  t.equal(hedging.delayMs, 30)
  for (let i = 1; i <= 512; i++) hedging.answered(a, i % 50 === 0 ? 80 : 1, true, at(i))
  t.equal(hedging.delayMs, 50)
  for (let i = 1; i <= 512; i++) hedging.answered(a, 1, false, at(i))
  t.equal(hedging.delayMs, 50, 'digests say nothing of it')
})

t.test('at most 5 % of the gets are hedged, but for a small burst', async t => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2000 }), wanted => {
      const hedging = new Hedging()
      let gets = 0
      for (const want of wanted) {
        hedging.begun()
        gets += 1
        if (want) hedging.spend()
        t.ok(hedging.hedges <= 1 + gets * 0.05 + 1e-9)
      }
    }),
    { numRuns: 20 },
  )
  const idle = new Hedging()
  for (let i = 0; i < 10_000; i++) idle.begun()
  let burst = 0
  while (idle.spend()) burst += 1
  t.equal(burst, 10)
})

/** A cluster of five, a node of it that does not own the key, and those that do. */
function scene() {
  const cluster = new TestCluster(5)
  cluster.call('n1', cluster.put('k', 'v'))
  const primaries = cluster.primaries('k')
  const node = cluster.nodes.find(({ id }) => !primaries.includes(id))!
  cluster.pass(6000)
  cluster.settle()
  cluster.letters.length = 0
  const asked = (full: boolean) =>
    cluster.letters.flatMap(({ to, message }) =>
      message.type === 'read' && message.full === full ? [to] : [],
    )
  return { cluster, primaries, node, asked }
}

t.test('a full read that is late is asked of the next fastest, once', async t => {
  const { cluster, node, asked } = scene()
  cluster.ask(node.id, cluster.get('k'))
  const [slow] = asked(true)
  t.equal(asked(false).length, 2)
  cluster.settle(({ from, to }) => from !== slow && to !== slow)
  cluster.pass(40)
  t.same(asked(true), [])
  cluster.pass(20)
  t.equal(asked(true).length, 1)
  t.not(asked(true)[0], slow)
  cluster.pass(20)
  t.equal(asked(true).length, 1)
  t.equal(node.replica.observe().hedges, 1)
  cluster.settle()
  t.same(valuesOf(node.replies.at(-1)), ['v'], 'answered without the slow one')
  cluster.ask(node.id, cluster.get('k'))
  t.not(asked(true)[0], slow, 'and the next one is not read there')
})

t.test('whoever said that it has the object is asked before the silent', async t => {
  for (const told of [1, 2]) {
    const { cluster, node, asked, primaries } = scene()
    cluster.ask(node.id, cluster.get('k'))
    const read = cluster.letters.find(({ to }) => to === primaries[told])!
    cluster.deliver(read)
    const held = cluster.letters.find(({ message }) => message.type === 'held')!
    cluster.deliver(held)
    cluster.pass(60)
    t.equal(asked(true)[1], primaries[told])
  }
})

t.test('without a budget nobody else is asked before a quarter of a second', async t => {
  const { cluster, node, asked } = scene()
  cluster.ask(node.id, cluster.get('k'))
  cluster.pass(60)
  t.equal(asked(true).length, 2)
  cluster.settle()
  cluster.ask(node.id, cluster.get('k'))
  const [full] = asked(true)
  cluster.settle(({ to, from }) => to !== full && from !== full)
  cluster.pass(60)
  t.equal(node.replica.observe().hedges, 1, 'there is budget for one')
  t.same(asked(true), [])
  cluster.pass(200)
  t.same(asked(true).length, 1, 'two digests agree: one of them is asked for the object')
  t.not(asked(true)[0], full)
  cluster.settle()
  t.same(valuesOf(node.replies.at(-1)), ['v'])
})
