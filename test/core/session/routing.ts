import t from 'tap'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import type { Call, Try } from '../../../src/core/session/call.ts'
import { KnownCluster } from '../../../src/core/session/known-cluster.ts'
import { Peers } from '../../../src/core/session/peers.ts'
import { hasOthersToAsk, nodeFor } from '../../../src/core/session/routing.ts'
import { routedCall } from '../../helpers/session-call.ts'
import { five, key, node, seededRandom, testHash, viewOf } from '../../helpers/session-world.ts'

const now = 0 as Instant
const cluster = new KnownCluster(testHash)
cluster.adopt(now, viewOf([...five, 'n6', 'n7'], {}))
const partition = cluster.partitionOf(key('k'))!
const primaries = cluster.preferenceList(partition)
const fallbacks = cluster.fallbacks(partition)
const all = cluster.members().map(member => member.id)
const others = all.filter(id => !primaries.includes(id) && !fallbacks.includes(id))

function connected(ids: readonly NodeId[]): Peers {
  const peers = new Peers(seededRandom(1))
  for (const id of ids) peers.connect(id)
  return peers
}

const getCall = (fields: Partial<Call> = {}) =>
  routedCall(
    { type: 'get', key: key('k'), r: undefined, strict: false, repair: undefined, explain: false },
    { partition, ...fields },
  )

function openTo(call: Call, id: NodeId): void {
  call.asked.push(id)
  const one: Try = { id: 1, call, node: id, sentAt: now, overdue: true }
  call.open.push(one)
}

const choose = (call: Call, peers: Peers) => nodeFor(now, call, cluster, peers)

t.test('replicas first, then who stands in for them, then anybody', async t => {
  t.equal(others.length, 1)
  const call = getCall()
  t.ok(primaries.includes(choose(call, connected(all))!))
  t.ok(fallbacks.includes(choose(call, connected([...fallbacks, ...others]))!))
  t.equal(choose(call, connected(others)), others[0])
  t.equal(choose(call, connected([])), undefined)
})

t.test('each node once before any is asked twice; who owes an answer never', async t => {
  const call = getCall()
  const peers = connected(all)
  const order: NodeId[] = []
  for (let id = choose(call, peers); id !== undefined; id = choose(call, peers)) {
    order.push(id)
    openTo(call, id)
  }
  t.same(new Set(order.slice(0, 3)), new Set(primaries))
  t.same(new Set(order.slice(3, 6)), new Set(fallbacks))
  t.same(order.slice(6), others)
  const back = call.open.splice(4, 1)[0]!
  t.equal(choose(call, peers), back.node)
})

t.test('via: that node or none', async t => {
  const call = getCall({ via: node('n3') })
  t.equal(choose(call, connected(all)), 'n3')
  t.equal(choose(call, connected([node('n1')])), undefined)
  openTo(call, node('n3'))
  t.equal(choose(call, connected(all)), undefined)
  t.equal(hasOthersToAsk(call, cluster, connected(all)), false)
})

t.test('others to ask: the replicas and those that stand in, not who only forwards', async t => {
  const near = [...primaries, ...fallbacks]
  t.equal(hasOthersToAsk(getCall(), cluster, connected(all)), true)
  t.equal(hasOthersToAsk(getCall({ asked: near.slice(1) }), cluster, connected(all)), true)
  t.equal(hasOthersToAsk(getCall({ asked: near }), cluster, connected(all)), false)
  t.equal(hasOthersToAsk(getCall(), cluster, connected(others)), false)
  const view = routedCall({ type: 'view' }, { asked: [node('n1')] })
  t.equal(hasOthersToAsk(view, cluster, connected([node('n1')])), false)
  t.equal(hasOthersToAsk(view, cluster, connected(all)), true)
})
