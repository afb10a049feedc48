import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { Connection } from '../../src/node/connection.ts'
import { serverChannel } from '../helpers/connections.ts'

/** A socket that took so much, and has so much left to send. */
class FakeSocket extends EventEmitter {
  bytesWritten = 0
  writableLength = 0
  destroyed = false
  setNoDelay(): this {
    return this
  }
}

function connectionOn(socket: FakeSocket) {
  return new Connection(socket as unknown as Socket, serverChannel(), {
    onEvent: () => undefined,
    onClosed: () => undefined,
    touch: () => undefined,
  })
}

const MB = 1_000_000

t.test('who takes a chunk now and then is too slow, and who takes all in time is not', async t => {
  const socket = new FakeSocket()
  const connection = connectionOn(socket)
  socket.bytesWritten = 30 * MB
  socket.writableLength = 30 * MB
  for (let at = 0; at <= 30_000; at += 100) {
    // A megabyte each 9 s.
    socket.writableLength = 30 * MB - Math.floor(at / 9000) * MB
    t.notOk(connection.isTooSlow(at, 10_000), `after ${at} ms`)
  }
  t.ok(connection.isTooSlow(30_100, 10_000), 'a megabyte a second is the least')
})

t.test('more may come meanwhile: what counts is what waited', async t => {
  const socket = new FakeSocket()
  const connection = connectionOn(socket)
  for (let at = 0; at <= 60_000; at += 1000) {
    socket.bytesWritten = (at / 1000 + 5) * 2 * MB
    socket.writableLength = 10 * MB
    t.notOk(connection.isTooSlow(at, 10_000), `after ${at} ms`)
    t.ok(connection.waitedFor(at) <= 5000)
  }
})

t.test('a little has the grace', async t => {
  const socket = new FakeSocket()
  const connection = connectionOn(socket)
  socket.bytesWritten = 100
  socket.writableLength = 100
  t.notOk(connection.isTooSlow(0, 10_000))
  t.notOk(connection.isTooSlow(10_000, 10_000))
  t.ok(connection.isTooSlow(10_001, 10_000))
  socket.writableLength = 0
  t.notOk(connection.isTooSlow(10_002, 10_000))
  t.equal(connection.waitedFor(10_003), 0)
})
