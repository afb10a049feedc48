/**
 * Every way in which two of three replicas acknowledge a write, one of the two loses its disk, and
 * is refilled by one or both of the others (protocols 9): no read of two replicas that succeeds may
 * miss the write, whoever coordinates it.
 */
import t from 'tap'
import type { Instant } from '../../src/core/ids.ts'
import { TestCluster, valuesOf } from '../helpers/replicas.ts'

type Case = {
  readonly ackers: readonly string[]
  readonly wiped: string
  readonly reached: readonly string[]
}

const all = ['n1', 'n2', 'n3']
const cases: Case[] = all.flatMap(third => {
  const ackers = all.filter(node => node !== third)
  return ackers.flatMap(wiped => {
    const [one, other] = all.filter(node => node !== wiped) as [string, string]
    return [[one], [other], [one, other]].map(reached => ({ ackers, wiped, reached }))
  })
})

/** Reads of two replicas after the refill: how many succeeded, and how many missed the write. */
function readsOf({ ackers, wiped, reached }: Case, trusted: boolean) {
  const cluster = new TestCluster(3, { readRepair: 'off', partitions: 1 }, false)
  const among = (nodes: readonly string[]) => (letter: { from: string; to: string }) =>
    nodes.includes(letter.from) && nodes.includes(letter.to)
  const [coordinator] = ackers as [string, string]
  cluster.ask(coordinator, cluster.put('k', 'w'))
  cluster.settle(among(ackers))
  t.equal(cluster.node(coordinator).replies.at(-1)?.type, 'wrote')
  const node = cluster.node(wiped)
  node.wipe()
  node.whole = trusted
  if (trusted) node.restart()
  for (const { id } of cluster.members) if (id !== wiped) node.step({ type: 'connected', node: id })
  for (let passed = 0; passed < 25_000; passed += 500) {
    cluster.now = (cluster.now + 500) as Instant
    cluster.wall += 500
    for (const one of cluster.nodes) one.step({ type: 'tick', wall: cluster.wall })
    // The two others hear nothing of each other: what one lacks it does not get.
    cluster.settle(
      ({ from, to }) =>
        (from === wiped && reached.includes(to)) || (to === wiped && reached.includes(from)),
    )
  }
  const counts = { succeeded: 0, missed: 0 }
  for (const from of all) {
    for (const other of all.filter(node => node !== from)) {
      const before = cluster.node(from).replies.length
      cluster.ask(from, cluster.get('k'))
      cluster.settle(among([from, other]))
      const reply = cluster.node(from).replies[before]
      if (reply?.type !== 'got') continue
      counts.succeeded++
      if (valuesOf(reply).length === 0) counts.missed++
    }
  }
  return counts
}

function sumOf(trusted: boolean) {
  const sums = { succeeded: 0, missed: 0 }
  for (const one of cases) {
    const { succeeded, missed } = readsOf(one, trusted)
    sums.succeeded += succeeded
    sums.missed += missed
  }
  return sums
}

t.test('no quorum read misses what a lost disk had acknowledged', async t => {
  t.equal(cases.length, 18)
  const { succeeded, missed } = sumOf(false)
  t.equal(missed, 0)
  t.ok(succeeded >= 36, `${succeeded} reads succeed`)
})

t.test('where the empty store counts from its first answer, reads miss it', async t => {
  const { missed } = sumOf(true)
  t.ok(missed > 0, `${missed} reads`)
})
