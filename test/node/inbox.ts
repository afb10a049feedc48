/** What waits in a node for room: how much is read meanwhile, and who is closed for it. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { type Holder, Holdings } from '../../src/core/holdings.ts'
import type { Instant, Key, OpId } from '../../src/core/ids.ts'
import type { PutRequest } from '../../src/core/message.ts'
import type { IncomingChannel } from '../../src/node/channels.ts'
import { ClientRoom } from '../../src/node/client-room.ts'
import { noCounters } from '../../src/node/counters.ts'
import { Inbox } from '../../src/node/inbox.ts'
import { Incoming } from '../../src/node/incoming.ts'
import type { Log } from '../../src/node/log.ts'

/** As much of a socket as is asked here. */
class QuietSocket extends EventEmitter {
  writableLength = 0
  bytesWritten = 0
  destroyed = false
  setNoDelay(): void {}
  pause(): void {}
  resume(): void {}
  write(): void {}
  destroy(): void {
    this.destroyed = true
  }
  destroySoon(): void {
    this.destroyed = true
  }
}

function place() {
  const state = { now: 0 as Instant }
  const counters = noCounters()
  const log = { warnOnce: () => undefined } as unknown as Log
  const room = new ClientRoom(new Holdings(), { now: () => state.now, log, counters })
  const host = { room, counters, now: () => state.now, onRequest() {}, onMessage() {} }
  const inbox = new Inbox(host)
  const enter = (holder: string) => {
    const channel = { heldBytes: 0, framesRead: 0, queuedBytes: 0 }
    const used = { ...channel, send: () => 'queued', takeOutput() {}, refuse() {} }
    const owner = { onEvent() {}, onClosed() {}, touch() {} }
    const socket = new QuietSocket()
    const incoming = new Incoming(
      socket as unknown as Socket,
      used as unknown as IncomingChannel,
      owner as unknown as ConstructorParameters<typeof Incoming>[2],
    )
    incoming.holder = holder as Holder
    inbox.enter(incoming)
    return { incoming, socket, holds: (bytes: number) => Object.assign(used, { heldBytes: bytes }) }
  }
  return { state, counters, room, inbox, enter }
}

const put = (id: number, bytes: number): PutRequest => ({
  type: 'put',
  id,
  epoch: '' as PutRequest['epoch'],
  timeLeft: 10_000,
  key: `k${id}` as Key,
  value: new Uint8Array(bytes),
  context: undefined,
  op: '0'.repeat(12) as OpId,
  again: false,
  generation: 0,
  w: undefined,
  strict: false,
  explain: false,
})

t.test('a client whose requests wait for room is not read any more', async t => {
  const { inbox, enter } = place()
  // 1,000 requests on each connection, fewer than one connection may have under way.
  const connections = Array.from({ length: 40 }, () => enter('#one').incoming)
  for (const incoming of connections) {
    for (let id = 0; id < 1000 && !incoming.connection.paused; id++) {
      inbox.take(incoming, put(id, 3800))
    }
  }
  const waiting = connections.filter(({ held }) => held > 0)
  t.ok(waiting.length > 0, 'its part is full')
  t.same(
    waiting.map(({ held }) => held),
    waiting.map(() => 1),
    'nothing is read behind the first that waits',
  )
})

t.test('of half frames those are closed that have lain for the longest', async t => {
  const { state, counters, room, enter } = place()
  const greedy = Array.from({ length: 300 }, () => enter('#greedy'))
  for (const one of greedy) {
    one.holds(111_500)
    room.received(one.incoming)
  }
  state.now = 4000 as Instant
  const newcomer = enter('#newcomer')
  for (const bytes of [65_536, 131_072, 262_144]) {
    newcomer.holds(bytes)
    room.received(newcomer.incoming)
  }
  t.ok(counters.closedForRoom > 0)
  t.notOk(newcomer.socket.destroyed)
})

t.test('a frame of a connection that is not read does not age', async t => {
  const { state, enter } = place()
  const { incoming, holds } = enter('#one')
  holds(1000)
  incoming.frameAge(state.now)
  incoming.connection.pause(true)
  t.equal(incoming.frameAge(60_000 as Instant), 0)
  incoming.connection.pause(false)
  t.equal(incoming.frameAge(60_000 as Instant), 0)
  t.equal(incoming.frameAge(61_000 as Instant), 1000)
})
