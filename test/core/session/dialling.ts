import t from 'tap'
import type { Instant } from '../../../src/core/ids.ts'
import { newCall } from '../../../src/core/session/call.ts'
import type { SessionEffect } from '../../../src/core/session/contract.ts'
import { Dialling } from '../../../src/core/session/dialling.ts'
import { KnownCluster } from '../../../src/core/session/known-cluster.ts'
import { Peers } from '../../../src/core/session/peers.ts'
import {
  five,
  memberOf,
  node,
  putOf,
  seededRandom,
  testHash,
  viewOf,
} from '../../helpers/session-world.ts'

const at = (ms: number) => ms as Instant

function scene(members = five.map(name => memberOf(name))) {
  const cluster = new KnownCluster(testHash)
  const peers = new Peers(seededRandom(1))
  const effects: SessionEffect[] = []
  const dialling = new Dialling(cluster, peers, effect => effects.push(effect))
  cluster.adopt(at(0), viewOf(five, { members }))
  const dialled = () => effects.flatMap(effect => (effect.type === 'connect' ? [effect.node] : []))
  const seeks = () => effects.filter(({ type }) => type === 'seek').length
  return { cluster, peers, dialling, dialled, seeks }
}

t.test('the replicas of a key, each once, and nobody for a call without one', async t => {
  const { cluster, dialling, dialled } = scene()
  const options = { timeoutMs: 100, via: undefined }
  const call = newCall(at(0), 1 as never, putOf('k'), options)
  dialling.replicasOf(at(0), call)
  dialling.replicasOf(at(0), call)
  t.same(dialled(), cluster.preferenceList(call.partition!))
  dialling.replicasOf(at(0), newCall(at(0), 2 as never, { type: 'view' }, options))
  t.equal(dialled().length, 3)
})

t.test('who could not be reached is left alone for a moment, but not at all costs', async t => {
  const { peers, dialling, dialled } = scene()
  dialling.dial(at(0), node('n1'))
  peers.disconnect(at(0), node('n1'))
  dialling.dial(at(1), node('n1'))
  t.equal(dialled().length, 1)
  dialling.dial(at(1), node('n1'), true)
  t.equal(dialled().length, 2)
  dialling.dial(at(1), node('n9'), true)
  t.equal(dialled().length, 2, 'a stranger has no address')
})

t.test('a member that listens nowhere is not dialled', async t => {
  const { dialling, dialled } = scene(five.map(name => memberOf(name, name === 'n2' ? 0 : 4700)))
  dialling.anybody(at(0))
  t.same(dialled(), ['n1', 'n3', 'n4', 'n5'])
})

t.test('one seek at a time, and a little longer between them each time', async t => {
  const { dialling, seeks } = scene()
  dialling.anybody(at(0))
  dialling.anybody(at(0))
  t.equal(seeks(), 1)
  dialling.sought(at(0))
  dialling.anybody(at(1))
  t.equal(seeks(), 1)
  dialling.anybody(at(20))
  t.equal(seeks(), 2)
  dialling.connected()
  dialling.anybody(at(20))
  t.equal(seeks(), 3)
})
