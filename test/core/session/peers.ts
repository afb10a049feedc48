import t from 'tap'
import type { Instant, NodeId } from '../../../src/core/ids.ts'
import { Peers } from '../../../src/core/session/peers.ts'
import { node, seededRandom } from '../../helpers/session-world.ts'

const at = (ms: number) => ms as Instant
const anyone = () => true
const three = ['n1', 'n2', 'n3'].map(node)

function connected(names: readonly NodeId[] = three): Peers {
  const peers = new Peers(seededRandom(3))
  for (const name of names) peers.connect(name)
  return peers
}

function counts(peers: Peers, now: Instant, times: number): Map<NodeId, number> {
  const chosen = new Map<NodeId, number>()
  for (let i = 0; i < times; i++) {
    const id = peers.choose(now, three, anyone)
    if (id !== undefined) chosen.set(id, (chosen.get(id) ?? 0) + 1)
  }
  return chosen
}

t.test('only who is connected and passes is chosen', async t => {
  const peers = connected([node('n2')])
  t.equal(peers.choose(at(0), three, anyone), 'n2')
  t.equal(
    peers.choose(at(0), three, id => id !== 'n2'),
    undefined,
  )
  peers.disconnect(at(0), node('n2'))
  t.equal(peers.choose(at(0), three, anyone), undefined)
  t.equal(peers.connectedCount, 0)
})

t.test('all alike: all are chosen', async t => {
  const peers = connected()
  for (const id of three) peers.answered(at(0), id, 5)
  const chosen = counts(peers, at(0), 300)
  for (const id of three) t.ok((chosen.get(id) ?? 0) > 60, `${id}: ${chosen.get(id)}`)
})

t.test('the slowest and the busiest of three is never the better of two', async t => {
  const slow = connected()
  for (const id of three) slow.answered(at(0), id, id === 'n1' ? 50 : 5)
  t.equal(counts(slow, at(0), 100).get(node('n1')), undefined)
  const busy = connected()
  for (const id of three) busy.answered(at(0), id, 5)
  busy.peer(node('n3')).inFlight = 9
  t.equal(counts(busy, at(0), 100).get(node('n3')), undefined)
})

t.test('what was slow long ago is tried again', async t => {
  const peers = connected()
  for (const id of three) peers.answered(at(0), id, id === 'n1' ? 50 : 5)
  for (const id of three.slice(1)) peers.answered(at(60_000), id, 5)
  t.ok((counts(peers, at(60_000), 100).get(node('n1')) ?? 0) > 0)
})

t.test('the average follows the answers, a quarter each', async t => {
  const peers = connected()
  peers.answered(at(0), node('n1'), 8)
  peers.answered(at(1), node('n1'), 16)
  t.equal(peers.peer(node('n1')).latencyMs, 10)
})

t.test('back-off grows to a bound and begins again after a handshake', async t => {
  const peers = connected([])
  const waits: number[] = []
  for (let i = 0; i < 12; i++) {
    peers.disconnect(at(0), node('n1'))
    waits.push(peers.peer(node('n1')).dialAt)
  }
  waits.forEach((wait, i) => {
    const full = 10 * 2 ** Math.min(i, 6)
    t.ok(wait >= full / 2 && wait <= full, `${wait} of ${full}`)
  })
  peers.connect(node('n1'))
  peers.disconnect(at(0), node('n1'))
  t.ok(peers.peer(node('n1')).dialAt <= 10)
})

t.test('who is no member any more is forgotten once apart', async t => {
  const peers = connected()
  peers.peer(node('n1')).failures = 5
  peers.disconnect(at(0), node('n1'))
  peers.keepOnly(id => id === 'n2')
  t.equal(peers.peer(node('n1')).failures, 0, 'a fresh row')
  t.ok(peers.isConnected(node('n3')), 'a connection that stands is kept')
})

t.test('who has gone silent is left alone, then tried by one call, until it answers', async t => {
  const [a, b] = [node('n1'), node('n2')]
  const peers = connected([a, b])
  const chosen = (ms: number) =>
    new Set(Array.from({ length: 50 }, () => peers.choose(at(ms), [a, b], anyone)))
  const onlyA = (ms: number, evenSilent = false) => peers.choose(at(ms), [a], anyone, evenSilent)
  peers.silent(at(1000), a, 1250)
  t.same([...chosen(1200)], [b])
  t.equal(onlyA(1200), undefined)
  t.equal(onlyA(1200, true), a, 'where there is nobody else')
  t.equal(onlyA(1600), a, 'it may be tried')
  peers.peer(a).inFlight = 1
  t.equal(onlyA(1600), undefined, 'by one call at a time')
  peers.peer(a).inFlight = 0
  peers.silent(at(1600), a, 1250)
  t.equal(onlyA(2500), undefined, 'twice as long the next time')
  peers.answered(at(2500), a, 5)
  t.equal(onlyA(2500), a)
})
