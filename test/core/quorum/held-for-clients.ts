/** What gets have read and puts have made counts against whoever asked, and is given back. */
import t from 'tap'
import { holderOfClient, holderThrough } from '../../../src/core/holdings.ts'
import type { NodeId } from '../../../src/core/ids.ts'
import { codeOf, TestCluster } from '../../helpers/replicas.ts'

const MiB = 1024 * 1024
const [greedy, other] = [holderOfClient('greedy'), holderOfClient('other')]

function codes(cluster: TestCluster): Record<string, number> {
  const counted: Record<string, number> = {}
  for (const reply of cluster.node('n1').replies.splice(0)) {
    const code = codeOf(reply) ?? 'none'
    counted[code] = (counted[code] ?? 0) + 1
  }
  return counted
}

t.test('a get weighs what it has read, until it is answered', async t => {
  const cluster = new TestCluster(3)
  cluster.call('n1', cluster.put('k', 'x'.repeat(MiB)))
  const { holdings } = cluster.node('n1').replica
  t.equal(holdings.total, 0)
  codes(cluster)
  for (let i = 0; i < 100; i++) cluster.ask('n1', cluster.get('k'), greedy)
  t.equal(holdings.of(greedy), holdings.max / 2, 'the others have not answered yet')
  t.same(codes(cluster), { BUSY: 100 - holdings.max / 2 / MiB })
  cluster.ask('n1', cluster.get('k'), other)
  t.equal(holdings.of(other), MiB, 'another client goes on')
  cluster.settle()
  t.same(codes(cluster), { got: holdings.max / 2 / MiB + 1 })
  t.equal(holdings.total, 0)
})

t.test('what others sent for it weighs as much', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', false)
  cluster.call('n1', cluster.put(key, 'x'.repeat(MiB)))
  codes(cluster)
  for (let i = 0; i < 100; i++) cluster.ask('n1', cluster.get(key), greedy)
  const { holdings } = cluster.node('n1').replica
  t.equal(holdings.total, 0, 'nothing was read yet')
  // The objects come, the digests do not.
  cluster.settle(({ message }) => message.type !== 'held' || message.object !== undefined)
  t.equal(holdings.of(greedy), holdings.max / 2)
  t.same(codes(cluster), { BUSY: 36 })
  cluster.pass(5000)
  t.same(codes(cluster), { TIMEOUT: 64 })
  t.equal(holdings.total, 0, 'a get that fails gives back, too')
})

t.test('a put weighs the object made of it, however small it is itself', async t => {
  const cluster = new TestCluster(3)
  for (let i = 0; i < 4; i++) cluster.call('n1', cluster.put('hot', `${i}`.repeat(MiB)))
  const { holdings } = cluster.node('n1').replica
  t.equal(holdings.total, 0)
  codes(cluster)
  for (let i = 0; i < 12; i++) cluster.ask('n1', cluster.put('hot', 'a'), greedy)
  t.ok(holdings.of(greedy) > holdings.max / 4 && holdings.of(greedy) <= holdings.max)
  const { BUSY = 0 } = codes(cluster)
  t.ok(BUSY >= 3 && BUSY < 12, `${BUSY} of 12 are refused`)
  cluster.ask('n1', cluster.put('cold', 'a'), other)
  t.ok(holdings.of(other) > 0)
  cluster.settle()
  t.same(codes(cluster), { wrote: 12 - BUSY + 1 })
  t.equal(holdings.total, 0)
})

t.test('puts that a member forwards count for that member', async t => {
  const cluster = new TestCluster(4)
  const key = cluster.keyAt('n1', false)
  const [first] = cluster.primaries(key) as [string]
  for (let i = 0; i < 3; i++) cluster.call('n1', cluster.put(key, `${i}`.repeat(MiB)))
  codes(cluster)
  for (let i = 0; i < 12; i++) cluster.ask('n1', cluster.put(key, 'a'))
  // All reach the first owner before any copy leaves it.
  for (const letter of cluster.letters.splice(0)) cluster.deliver(letter)
  const { holdings } = cluster.node(first).replica
  t.equal(holdings.of(holderThrough('n1' as NodeId)), holdings.total)
  t.ok(holdings.total > holdings.max / 3 && holdings.total <= (holdings.max * 2) / 3)
  cluster.settle()
  t.same(codes(cluster), { wrote: 12 }, 'whom one owner refuses another takes')
  t.equal(holdings.total, 0)
})
