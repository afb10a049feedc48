import fc from 'fast-check'
import t from 'tap'
import { keyOf } from '../../src/core/ids.ts'
import { preamble } from '../../src/wire/hello.ts'
import { isPeerMessage } from '../../src/wire/message-codec.ts'
import { sampleMessages } from '../fixtures/sample-messages.ts'
import { clientChannel, identity, serverChannel, talk } from '../helpers/connections.ts'
import { messages } from '../helpers/messages.ts'

const { get, put, wrote, store, stored } = sampleMessages
const latin = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const peer = () => clientChannel({ role: 'peer', self: identity('n2', 4702) })

function connected(client = clientChannel()) {
  const server = serverChannel()
  talk(client, server)
  return { client, server }
}

t.test('hello, proof, then requests and replies, each turn in one write', async t => {
  const client = clientChannel()
  const server = serverChannel()
  t.equal(client.send(get), 'closed', 'nothing goes before the proof')
  const heard = talk(client, server)
  t.equal(heard.client[0]?.type, 'proved')
  t.equal(heard.server[0]?.type, 'proved')
  t.equal(client.proved?.side, 'client')
  t.equal(server.proved?.side, 'server')
  t.equal(client.send(get), 'queued')
  t.equal(client.send(put), 'queued')
  t.ok(client.queuedBytes > 50)
  const output = client.takeOutput()!
  t.equal(client.takeOutput(), undefined)
  t.same(server.push(output), [
    { type: 'message', message: get },
    { type: 'message', message: put },
  ])
  server.send(wrote)
  t.same(client.push(server.takeOutput()!), [{ type: 'message', message: wrote }])
  t.same([client.heldBytes, server.heldBytes, client.queuedBytes], [0, 0, 0])
})

t.test('peers speak both ways', async t => {
  const { client, server } = connected(peer())
  client.send(store)
  server.send(store)
  const heard = talk(client, server)
  t.same(heard.client, [{ type: 'message', message: store }])
  t.same(heard.server, [{ type: 'message', message: store }])
  t.ok(isPeerMessage(stored))
  t.notOk(isPeerMessage(get))
})

t.test('a whole conversation one byte at a time', async t => {
  const client = peer()
  const server = serverChannel()
  const events: unknown[] = []
  for (let round = 0; round < 4; round++) {
    for (const byte of client.takeOutput() ?? []) events.push(...server.push(Uint8Array.of(byte)))
    for (const byte of server.takeOutput() ?? []) events.push(...client.push(Uint8Array.of(byte)))
    if (client.proved !== undefined && round === 2) client.send(store)
  }
  t.match(events, [{ type: 'proved' }, { type: 'proved' }, { type: 'message', message: store }])
})

t.test('any messages, any cuts', async t => {
  const chunkSizes = fc.infiniteStream(fc.integer({ min: 1, max: 3000 }))
  fc.assert(
    fc.property(fc.array(messages.put), chunkSizes, (puts, sizes) => {
      const { client, server } = connected()
      for (const message of puts) client.send(message)
      const bytes = client.takeOutput() ?? new Uint8Array(0)
      const heard: unknown[] = []
      for (let at = 0; at < bytes.length; ) {
        const chunk = bytes.slice(at, at + sizes.next().value)
        at += chunk.length
        heard.push(...server.push(chunk))
        chunk.fill(0xee)
      }
      t.same(
        heard,
        puts.map(message => ({ type: 'message', message })),
      )
    }),
    { numRuns: 25 },
  )
})

t.test('strangers are closed at once and hear nothing', async t => {
  const strangers = [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    '*1\r\n$4\r\nPING\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'SSH-2.0-OpenSSH_9.9\r\n',
    '\x00\x01\x00\x00\x21\x12\xa4\x42',
    '\xcbKVO\r\n\x1a\x0b',
    '\xcbKVP',
    '\xcbGET',
  ]
  for (const first of strangers) {
    for (const size of [1, 100]) {
      const server = serverChannel()
      const events: unknown[] = []
      for (let at = 0; at < first.length; at += size) {
        events.push(...server.push(latin(first.slice(at, at + size))))
      }
      t.match(events, [{ type: 'malformed' }])
      t.equal(events.length, 1)
      t.equal(server.dead, true)
      t.equal(server.takeOutput(), undefined)
    }
  }
})

t.test('before the proof 1,024 bytes pass, one more does not', async t => {
  const header = (size: number) => Uint8Array.of(0, 0, size >> 8, size & 255)
  const room = 1024 - preamble.length - 4
  const full = serverChannel()
  t.same(full.push(Uint8Array.of(...preamble, ...header(room), ...new Uint8Array(room - 1))), [])
  t.equal(full.heldBytes, 4 + room - 1)
  t.match(full.push(Uint8Array.of(0)), [{ type: 'refused', refusal: { code: 'malformed' } }])
  const over = serverChannel()
  t.match(over.push(Uint8Array.of(...preamble, ...header(room + 1))), [{ type: 'malformed' }])
  t.equal(over.dead, true)
  const huge = serverChannel()
  t.match(huge.push(Uint8Array.of(...preamble, 255, 255, 255, 255)), [{ type: 'malformed' }])
  t.ok(huge.takeOutput()!.length < 100)
})

t.test('what went before counts: a second long frame before the proof is refused', async t => {
  const server = serverChannel()
  const hello = clientChannel().takeOutput()!
  t.same(server.push(hello), [])
  const left = 1024 - hello.length - 4
  const other = serverChannel()
  other.push(hello)
  t.same(other.push(Uint8Array.of(0, 0, left >> 8, left & 255)), [])
  t.match(server.push(Uint8Array.of(0, 0, (left + 1) >> 8, (left + 1) & 255)), [
    { type: 'malformed', reason: `a frame of more than ${left} bytes` },
  ])
})

t.test('a frame of 16 MiB passes behind the proof, one byte more does not', async t => {
  const limit = 16 * 2 ** 20
  const { client, server } = connected()
  const value = (length: number) => ({ ...put, value: new Uint8Array(length) })
  const rest = (() => {
    client.send(value(limit / 2))
    return client.takeOutput()!.length - 4 - limit / 2
  })()
  t.equal(client.send(value(limit - rest + 1)), 'too-large')
  t.equal(client.queuedBytes, 0)
  t.equal(client.send(value(limit - rest)), 'queued')
  const [event] = server.push(client.takeOutput()!)
  t.ok(event?.type === 'message' && event.message.type === 'put')
  t.same(server.push(Uint8Array.of(1, 0, 0, 0)), [], 'its length alone')
  const next = connected()
  t.match(next.server.push(Uint8Array.of(1, 0, 0, 1)), [{ type: 'malformed' }])
})

t.test('a malformed frame ends this connection with a reason, and says it once', async t => {
  const { client, server } = connected()
  client.send(get)
  const good = client.takeOutput()!
  const bad = Uint8Array.of(...good, 0, 0, 0, 1, 0x80, ...good)
  t.same(server.push(bad), [
    { type: 'message', message: get },
    { type: 'malformed', reason: 'a type that is not spoken here' },
  ])
  t.equal(server.dead, true)
  t.same(server.push(good), [])
  t.equal(server.send(wrote), 'closed')
  t.same(client.push(server.takeOutput()!), [
    {
      type: 'refused',
      by: 'them',
      refusal: { code: 'malformed', text: 'a type that is not spoken here' },
    },
  ])
  t.equal(client.dead, true)
})

t.test("a peer's message on a client's connection closes it, and the reverse", async t => {
  const first = connected()
  first.client.send(store)
  t.match(talk(first.client, first.server).server, [
    { type: 'malformed', reason: /does not carry/ },
  ])
  const second = connected(peer())
  second.client.send(get)
  t.match(talk(second.client, second.server).server, [
    { type: 'malformed', reason: /does not carry/ },
  ])
})

t.test('a frame of the handshake behind the proof is refused', async t => {
  const { server } = connected()
  t.match(server.push(Uint8Array.of(0, 0, 0, 2, 0x91, 4)), [{ type: 'malformed' }])
})

t.test('who is not admitted hears why', async t => {
  const client = peer()
  const server = serverChannel({ admit: () => ({ code: 'busy', text: 'too many' }) })
  const heard = talk(client, server)
  t.same(heard.server, [{ type: 'refused', by: 'us', refusal: { code: 'busy', text: 'too many' } }])
  t.same(heard.client, [
    { type: 'refused', by: 'them', refusal: { code: 'busy', text: 'too many' } },
  ])
  t.equal(client.proved, undefined)
  t.equal(server.proved, undefined)
})

t.test('a server that is none is told apart', async t => {
  const client = clientChannel()
  t.match(client.push(latin('HTTP/1.1 400 Bad Request\r\n')), [{ type: 'malformed' }])
  t.equal(client.dead, true)
})

t.test('2 s without a proof are enough, one ms past is too much', async t => {
  const server = serverChannel()
  t.equal(server.overdue(2000), undefined)
  t.match(server.overdue(2001), /no proof/)
  const { client, server: proved } = connected()
  t.equal(client.overdue(10_000), undefined)
  t.equal(proved.overdue(10_000), undefined)
})

t.test('a frame that drips is overdue by its size, however often bytes come', async t => {
  const { server } = connected()
  const size = 1_000_000
  server.push(Uint8Array.of(0, 0x0f, 0x42, 0x40))
  t.equal(server.overdue(10_000), undefined, 'seen first')
  for (let ms = 10_000; ms <= 16_000; ms += 100) {
    server.push(Uint8Array.of(0))
    t.equal(server.overdue(ms), undefined)
  }
  t.equal(server.overdue(10_000 + 5000 + size / 1000), undefined)
  t.match(server.overdue(10_000 + 5000 + size / 1000 + 1), /does not end/)
})

t.test('a frame that this side does not read has its time once it is read again', async t => {
  const { server } = connected()
  server.push(Uint8Array.of(0, 0, 0x10, 0))
  t.equal(server.overdue(10_000), undefined, 'seen first')
  t.equal(server.overdue(60_000, false), undefined)
  t.equal(server.overdue(65_004), undefined)
  t.match(server.overdue(65_005), /does not end/)
})

t.test('frames that end in time are never overdue together', async t => {
  const { client, server } = connected()
  client.send({ ...get, key: keyOf('k')! })
  const bytes = client.takeOutput()!
  for (let ms = 0; ms < 60_000; ms += 1000) {
    server.push(bytes.subarray(0, 10))
    t.equal(server.overdue(ms), undefined)
    server.push(bytes.subarray(10))
    t.equal(server.overdue(ms + 500), undefined)
    server.push(bytes)
  }
})
