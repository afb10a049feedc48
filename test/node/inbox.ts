/** What waits in a node for room: how much is read meanwhile, and who is closed for it. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { type Holder, Holdings } from '../../src/core/holdings.ts'
import type { Instant, Key, OpId } from '../../src/core/ids.ts'
import type { ClientRequest, FailReply, GetRequest, PutRequest } from '../../src/core/message.ts'
import { nothingDone } from '../../src/core/outcome.ts'
import { noRoomLine } from '../../src/core/quorum/get.ts'
import type { Caller } from '../../src/core/step.ts'
import type { IncomingChannel } from '../../src/node/channels.ts'
import { ClientRoom } from '../../src/node/client-room.ts'
import { noCounters } from '../../src/node/counters.ts'
import { Inbox } from '../../src/node/inbox.ts'
import { Incoming } from '../../src/node/incoming.ts'
import type { Log } from '../../src/node/log.ts'
import type { UsualRead } from '../../src/node/usual-read.ts'

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

const MiB = 1024 * 1024

type World = ReturnType<typeof place>

function place() {
  const state = { now: 0 as Instant }
  const counters = noCounters()
  const log = { warnOnce: () => undefined } as unknown as Log
  const holdings = new Holdings()
  const room = new ClientRoom(holdings, { now: () => state.now, log, counters })
  const begun: ClientRequest[] = []
  const callers: Caller[] = []
  /** What a replica does at once with each request. */
  const replica = { takes(_: Holder | undefined): void {} }
  const onRequest = (caller: Caller, request: ClientRequest, holder: Holder | undefined) => {
    begun.push(request)
    callers.push(caller)
    replica.takes(holder)
  }
  const host = { room, counters, now: () => state.now, onRequest, onMessage() {} }
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
  return { state, counters, room, inbox, enter, holdings, begun, callers, replica }
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

const get = (id: number): GetRequest => ({
  type: 'get',
  id,
  epoch: '' as GetRequest['epoch'],
  timeLeft: 10_000,
  key: 'k' as Key,
  r: undefined,
  strict: false,
  repair: undefined,
  explain: false,
})

t.test('a get waits for room for what gets of its connection read', async t => {
  const { state, counters, inbox, enter, holdings, begun, replica } = place()
  const { incoming } = enter('#one')
  replica.takes = holder => holder && holdings.add(holder, MiB)
  for (let id = 1; id <= 100; id++) inbox.take(incoming, get(id))
  // All that is held, and as much and a part for newcomers, is free.
  t.equal(begun.length, 56)
  t.equal(incoming.connection.paused, true)
  holdings.add('#one' as Holder, -4 * MiB)
  inbox.resume()
  t.equal(begun.length, 60)
  state.now = 3000 as Instant
  inbox.resume()
  t.equal(begun.length, 60)
  t.ok(counters.busy > 0, 'it has waited for long enough')
})

t.test('where the object comes from others, those under way count as much', async t => {
  const { inbox, enter, begun } = place()
  const { incoming } = enter('#one')
  incoming.reads.saw(1024 * 1024)
  for (let id = 1; id <= 200; id++) inbox.take(incoming, get(id))
  t.ok(begun.length > 100 && begun.length <= 112, `${begun.length}`)
})

/** Eight others at their bound, and a client that sends a small get each 3 seconds for a minute. */
function amongGreedy(prepare: (world: World, incoming: Incoming) => void): World {
  const world = place()
  const { state, inbox, enter, holdings, begun } = world
  const { incoming } = enter('#one')
  for (let i = 0; i < 8; i++) holdings.add(`#greedy${i}` as Holder, Math.floor((112 * MiB) / 9))
  prepare(world, incoming)
  begun.length = 0
  for (let id = 100; id < 120; id++) {
    inbox.take(incoming, get(id))
    for (let ms = 0; ms < 3000; ms += 1000) {
      state.now = (state.now + 1000) as Instant
      inbox.resume()
      inbox.sweep(state.now)
    }
  }
  return world
}

const busyWith = (id: number, message: string): FailReply => ({
  type: 'failed',
  id,
  failure: { code: 'BUSY', message, outcome: nothingDone(0) },
  explained: undefined,
})

t.test('a get refused as busy for another reason says nothing of what gets read', async t => {
  const { begun } = amongGreedy(({ inbox, callers }, incoming) => {
    inbox.take(incoming, get(1))
    inbox.reply(callers.at(-1) as Caller, busyWith(1, 'this node coordinates as much as it can'))
    t.equal(incoming.reads.wanted, 0)
  })
  t.equal(begun.length, 20)
})

t.test('a client that holds nothing is not starved by what its gets once read', async t => {
  const { begun, counters } = amongGreedy(({ inbox, callers }, incoming) => {
    inbox.take(incoming, get(1))
    inbox.reply(callers.at(-1) as Caller, busyWith(1, noRoomLine))
    t.ok(incoming.reads.wanted > 8 * MiB)
  })
  t.ok(begun.length > 0, 'one finds out')
  t.equal(counters.busy + begun.length, 20, 'while it is on its way, others wait for room')
})

t.test('a refusal for room takes some of the guess back', async t => {
  let reads: UsualRead | undefined
  const { counters } = amongGreedy((_, incoming) => {
    reads = incoming.reads
    incoming.reads.saw(16 * MiB)
    // Of one get it is open what it reads, so that no other is begun to find out.
    incoming.reads.begun()
    t.ok(incoming.reads.wanted > 28 * MiB)
  })
  t.ok(counters.busy > 0)
  t.ok(reads && reads.wanted < 16 * MiB, `${reads?.wanted}`)
})

t.test('one turn answers only so many that are answered at once', async t => {
  const { inbox, enter, begun } = place()
  const { incoming } = enter('#one')
  for (let id = 1; id <= 150; id++) inbox.take(incoming, { type: 'status', id })
  t.equal(begun.length, 64)
  t.equal(inbox.resume(), true, 'there is more')
  t.equal(begun.length, 128)
  t.equal(inbox.resume(), false)
  t.equal(begun.length, 150)
  const other = enter('#two').incoming
  for (let id = 1; id <= 20; id++) inbox.take(other, { type: 'count', id, after: '' })
  t.equal(begun.length, 153, 'a count reads a page')
})

t.test('where little is left, who let the most lie for the longest goes first', async t => {
  const { state, counters, room, enter, holdings } = place()
  const [first, second, third] = ['#a', '#b', '#c'].map(enter)
  for (const [one, bytes] of [
    [first, 2],
    [second, 9],
    [third, 1],
  ] as const) {
    Object.assign(one!.socket, { writableLength: bytes * MiB, bytesWritten: bytes * MiB })
  }
  // As the listener does: it hangs up on who takes too little.
  for (const one of [first, second, third]) one?.incoming.connection.waitedFor(state.now)
  room.sweep(state.now)
  holdings.add('#others' as Holder, 101 * MiB)
  state.now = 1000 as Instant
  room.sweep(state.now)
  t.equal(counters.closedForRoom, 1)
  t.same(
    [first, second, third].map(one => one?.socket.destroyed),
    [false, true, false],
  )
  t.ok(holdings.free >= 24 * MiB)
})

t.test('who reads is not hung up on, however much waits for it', async t => {
  const { state, counters, room, enter, holdings } = place()
  const { incoming, socket } = enter('#reader')
  Object.assign(socket, { writableLength: 30 * MiB, bytesWritten: 30 * MiB })
  incoming.connection.waitedFor(state.now)
  holdings.add('#others' as Holder, 90 * MiB)
  state.now = 1000 as Instant
  room.sweep(state.now)
  t.equal(counters.closedForRoom, 0, 'so much takes some time')
  state.now = 3500 as Instant
  room.sweep(state.now)
  t.equal(counters.closedForRoom, 1, 'and not as long')
})
