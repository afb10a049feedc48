import t from 'tap'
import { uint48Of } from '../../src/core/binary.ts'
import { partitionOf, tokenOf } from '../../src/core/hash.ts'
import type { Epoch, NodeId } from '../../src/core/ids.ts'
import type { PutRequest } from '../../src/core/message.ts'
import { claim } from '../../src/core/ring/claim.ts'
import type { CallId } from '../../src/core/session/call.ts'
import {
  failureOf,
  five,
  key,
  node,
  opOf,
  type Sent,
  SessionWorld,
  testHash,
  viewOf,
} from '../helpers/session-world.ts'

const view = viewOf(five)
const ring = claim(testHash, view.members, view.settings)

function replicasOf(text: string): readonly NodeId[] {
  return ring.lists[partitionOf(tokenOf(testHash, key(text)), 16)]!
}

const put = (sent: Sent | undefined) => sent?.request as PutRequest

t.test('the first call waits for the view, then goes out', async t => {
  const world = new SessionWorld()
  const call = world.get()
  t.equal(world.seeks, 1)
  t.equal(world.sent.length, 0)
  world.connect('n2')
  t.same(
    world.sent.map(one => one.request.type),
    ['view'],
  )
  world.answerView(view)
  t.same(world.last().to, 'n2')
  t.match(world.last().request, { type: 'get', epoch: view.epoch, timeLeft: 950 })
  world.succeed(world.last())
  t.match(world.result(call), { type: 'done', reply: { type: 'got' } })
  t.equal(world.session.inFlight, 0)
})

t.test('calls go to the preference list of their key while one of it is connected', async t => {
  const world = SessionWorld.ready()
  const counts = new Map<NodeId, number>()
  for (let i = 0; i < 200; i++) {
    world.get(`key-${i % 10}`)
    const { to } = world.last()
    if (!replicasOf(`key-${i % 10}`).includes(to)) t.fail(`${to} owns nothing of it`)
    counts.set(to, (counts.get(to) ?? 0) + 1)
    world.now = (world.now + 1) as typeof world.now
    world.succeed(world.last())
  }
  t.equal(counts.size, 5, 'and spread over its nodes')
})

t.test('of two nodes the one that is less busy is asked', async t => {
  const world = SessionWorld.ready()
  const busy = new Map<NodeId, number>()
  for (let i = 0; i < 6; i++) {
    world.get('k')
    world.now = (world.now + 5) as typeof world.now
    world.succeed(world.last())
  }
  for (let i = 0; i < 90; i++) {
    world.get('k')
    busy.set(world.last().to, (busy.get(world.last().to) ?? 0) + 1)
  }
  t.ok(
    replicasOf('k').every(id => (busy.get(id) ?? 0) >= 20),
    `about a third each: ${[...busy]}`,
  )
})

t.test('a node that refuses quickly is not preferred for it', async t => {
  const world = SessionWorld.ready()
  const bad = replicasOf('k')[0]
  let asked = 0
  for (let i = 0; i < 60; i++) {
    world.get('k')
    const first = world.last()
    world.now = (world.now + (first.to === bad ? 1 : 8)) as typeof world.now
    if (first.to !== bad) {
      world.succeed(first)
      continue
    }
    asked++
    world.refuse(first, 'BUSY')
    world.pass(20)
    world.succeed(world.last())
  }
  t.ok(asked > 0 && asked < 20, `${asked} of 60 went to it first`)
})

t.test('a node that is not connected is dialled, and not waited for', async t => {
  const stranger = five.find(name => !replicasOf('k').includes(node(name)))!
  const world = SessionWorld.ready([stranger])
  world.get('k')
  t.equal(world.last().to, stranger)
  t.same(new Set(world.dialled), new Set(replicasOf('k')))
  world.get('k')
  t.equal(world.dialled.length, 3, 'each once')
  world.connect(replicasOf('k')[0]!)
  world.get('k')
  t.equal(world.last().to, replicasOf('k')[0])
})

t.test('a slow node gets its share of the time, then another one the same operation', async t => {
  const world = SessionWorld.ready()
  const call = world.put('k', 1000)
  const first = world.last()
  t.equal(put(first).again, false)
  world.pass(240)
  t.equal(world.sent.length, 1)
  world.pass(20)
  const second = world.last()
  t.not(second.to, first.to)
  t.ok(replicasOf('k').includes(second.to))
  t.equal(put(second).op, put(first).op)
  t.equal(put(second).again, true)
  world.succeed(first)
  t.match(world.result(call), { type: 'done' }, 'the late answer counts')
  world.succeed(second)
  t.equal(world.settled.get(call)?.length, 1)
})

t.test(
  'a definite refusal by one node is no reason to call the next send a second one',
  async t => {
    const world = SessionWorld.ready()
    const call = world.put()
    const first = world.last()
    world.refuse(first, 'BUSY')
    t.equal(world.sent.length, 1, 'after a moment, not at once')
    world.pass(20)
    const second = world.last()
    t.not(second.to, first.to)
    t.equal(put(second).op, put(first).op)
    t.equal(put(second).again, false)
    world.refuse(second, 'QUORUM', false)
    world.pass(40)
    const third = world.last()
    t.equal(put(third).again, true, 'this one may have happened')
    world.refuse(third, 'SIBLING_LIMIT')
    t.match(world.failure(call), { code: 'SIBLING_LIMIT', outcome: { definite: false } })
  },
)

t.test('what every node would refuse is not tried again', async t => {
  for (const code of ['BAD_CONTEXT', 'TOO_LARGE', 'SIBLING_LIMIT', 'USAGE'] as const) {
    const world = SessionWorld.ready()
    const call = world.put()
    world.refuse(world.last(), code)
    t.match(world.failure(call), { code, outcome: { definite: true } })
    t.equal(world.failure(call).outcome.op, put(world.last()).op)
  }
})

t.test('what another node might do is asked of each once', async t => {
  const world = SessionWorld.ready()
  const call = world.put()
  for (let i = 0; i < 10 && world.result(call) === undefined; i++) {
    world.refuse(world.last(), 'STORE_FULL')
    world.pass(100)
  }
  t.equal(world.sent.length, 5)
  t.equal(new Set(world.sent.map(one => one.to)).size, 5)
  t.match(world.failure(call), { code: 'STORE_FULL', outcome: { definite: true } })
})

t.test('a busy cluster is asked again until the deadline', async t => {
  const world = SessionWorld.ready(['n1'])
  const call = world.put('k', 600)
  while (world.result(call) === undefined) {
    if (put(world.last()).id > 0) world.refuse(world.last(), 'BUSY')
    world.pass(20)
  }
  t.ok(world.sent.length > 3 && world.sent.length < 20, `${world.sent.length} sends`)
  t.match(world.failure(call), { code: 'BUSY', outcome: { definite: true } })
})

t.test(
  'a stale view is asked for again, of the node that knows more, before the retry',
  async t => {
    const world = SessionWorld.ready()
    const call = world.get()
    const first = world.last()
    world.refuse(first, 'STALE_VIEW')
    t.match(world.last(), { to: first.to, request: { type: 'view' } })
    world.pass(100)
    t.equal(world.last().request.type, 'view', 'nothing goes out on the old view')
    const epoch = 'epoch-02' as Epoch
    world.answerView(viewOf(five.slice(0, 4), { epoch }))
    t.match(world.last().request, { type: 'get', epoch })
    world.succeed(world.last())
    t.match(world.result(call), { type: 'done' })
  },
)

t.test('a lost connection: reads and writes move on at once, a write says again', async t => {
  const world = SessionWorld.ready()
  const read = world.get()
  const first = world.last()
  world.disconnect(first.to)
  t.equal(world.sent.length, 2)
  t.not(world.last().to, first.to)
  world.succeed(world.last())
  t.match(world.result(read), { type: 'done' })
  const write = world.put()
  const op = put(world.last()).op
  world.disconnect(world.last().to)
  t.match(put(world.last()), { op, again: true })
  world.disconnect(world.last().to)
  world.disconnect('n1')
  for (const name of five) world.disconnect(name)
  world.unreachable()
  t.equal(world.result(write), undefined, 'somebody may come back')
  world.pass(980)
  world.unreachable()
  world.pass(20)
  t.match(world.failure(write), { outcome: { definite: false, op } })
})

t.test(
  'below the floor: sent again as known now; in doubt, as known when it was first sent',
  async t => {
    const world = SessionWorld.ready()
    const call = world.put()
    const first = world.last()
    t.match(put(first), { again: false, generation: 0 })
    const failure = { ...failureOf('BELOW_FLOOR'), floor: 7 }
    world.reply(first, { type: 'failed', id: first.request.id, failure, explained: undefined })
    while (world.last() === first) world.pass(5)
    t.match(put(world.last()), { op: put(first).op, again: false, generation: 7 })
    const other = world.get()
    const read = world.last()
    world.succeed(read, 9)
    t.match(world.result(other), { type: 'done' })
    const [second] = world.sent.filter(({ request }) => request.type === 'put').slice(-1)
    world.disconnect(second!.to)
    t.match(put(world.last()), { again: true, generation: 7 }, 'not 9: it may be reaped since')
    world.succeed(world.last())
    t.match(world.result(call), { type: 'done' })
  },
)

t.test('the deadline: definite only where nothing that was sent may have happened', async t => {
  const sentPut = SessionWorld.ready()
  const a = sentPut.put('k', 200)
  sentPut.pass(220)
  t.match(sentPut.failure(a), { code: 'TIMEOUT', outcome: { definite: false, needed: 2 } })
  t.equal(sentPut.failure(a).outcome.op, put(sentPut.last()).op)
  t.equal(sentPut.session.inFlight, 0)

  const sentGet = SessionWorld.ready()
  const b = sentGet.get('k', 200)
  sentGet.pass(220)
  t.match(sentGet.failure(b), { code: 'TIMEOUT', outcome: { definite: true } })

  const unsent = new SessionWorld()
  const c = unsent.put('k', 200)
  unsent.pass(220)
  t.match(unsent.failure(c), { code: 'UNREACHABLE', outcome: { definite: true } })
})

t.test('nobody answers at all: refused at once where nobody ever did', async t => {
  const world = new SessionWorld()
  const call = world.put()
  world.unreachable({ ...world.failure(lateCall(world)), code: 'DENIED' })
  t.match(world.failure(call), { code: 'DENIED', outcome: { definite: true } })
})

function lateCall(world: SessionWorld): CallId {
  const call = world.get('k', 1)
  world.abort(call)
  return call
}

t.test('via pins the node: unknown, unreachable, or asked and nobody else', async t => {
  const world = SessionWorld.ready(['n1'])
  t.match(world.failure(world.get('k', 1000, 'n9')), { code: 'UNKNOWN_NODE' })
  const call = world.put('k', 1000, 'n4')
  t.same(world.dialled.filter(id => id === 'n4').length, 1)
  t.equal(world.sent.length, 0)
  world.disconnect('n4')
  t.match(world.failure(call), { code: 'UNREACHABLE', outcome: { definite: true } })
  const again = world.put('k', 1000, 'n4')
  t.equal(world.dialled.filter(id => id === 'n4').length, 2, 'whoever asks for it has it dialled')
  world.connect('n4')
  t.equal(world.last().to, 'n4')
  world.pass(900)
  t.equal(world.sent.length, 1)
  world.refuse(world.last(), 'QUORUM', false)
  t.match(world.failure(again), { code: 'QUORUM', outcome: { definite: false } })
})

t.test('one call too many is refused as BUSY, definitely, and sends nothing', async t => {
  const world = SessionWorld.ready(five, 1, 4)
  for (let i = 0; i < 4; i++) world.put(`k${i}`)
  const call = world.put('one too many')
  t.equal(world.sent.length, 4)
  t.match(world.failure(call), { code: 'BUSY', outcome: { definite: true } })
  world.succeed(world.last())
  world.put('room again')
  t.equal(world.sent.length, 5)
})

t.test('abort settles at once, and says whether the write may have happened', async t => {
  const world = SessionWorld.ready()
  const sent = world.put()
  world.abort(sent)
  t.match(world.failure(sent), { code: 'CANCELLED', outcome: { definite: false } })
  world.succeed(world.last())
  t.equal(world.settled.get(sent)?.length, 1)
  const waiting = new SessionWorld()
  const unsent = waiting.put()
  waiting.abort(unsent)
  t.match(waiting.failure(unsent), { code: 'CANCELLED', outcome: { definite: true } })
})

t.test('operation ids carry the time of the cluster, not of this machine', async t => {
  const world = SessionWorld.ready()
  world.pass(500)
  world.put('a')
  world.put('b')
  const ops = world.sent.map(one => put(one).op)
  t.equal(uint48Of(ops[0]!), view.time + 500)
  t.equal(ops[0]!.length, 12)
  t.not(ops[0], ops[1])
})

t.test('an operation id that the caller brings is sent again from the first', async t => {
  const world = SessionWorld.ready()
  const op = opOf(5)
  const call = world.put('k', 1000, undefined, op)
  t.match(put(world.last()), { op, again: true })
  world.refuse(world.last(), 'SIBLING_LIMIT')
  t.match(world.failure(call), { outcome: { definite: false, op } })
})

t.test('the highest generation seen of a partition goes with its next puts', async t => {
  const world = SessionWorld.ready()
  world.get('k')
  world.succeed(world.last(), 7)
  world.get('k')
  world.succeed(world.last(), 5)
  world.put('k')
  t.equal(put(world.last()).generation, 7)
})

t.test('a write of an earlier call says nothing of how far its client was', async t => {
  const world = SessionWorld.ready()
  world.get('k')
  world.succeed(world.last(), 7)
  world.put('k', 1000, undefined, opOf(5))
  t.match(put(world.last()), { again: true, generation: 0 })
})

t.test('a reply of the wrong kind or from another node is no answer', async t => {
  const world = SessionWorld.ready()
  const call = world.put()
  const first = world.last()
  world.succeed({ to: node('n9'), request: first.request })
  t.equal(world.result(call), undefined)
  world.reply(first, {
    type: 'page',
    id: first.request.id,
    keys: [],
    cursor: undefined,
    missing: undefined,
  })
  world.pass(20)
  t.match(put(world.last()), { op: put(first).op, again: true })
})
