import t from 'tap'
import type { Instant } from '../../src/core/ids.ts'
import { Flights } from '../../src/node/flights.ts'
import { inFlightBytesMax, inFlightMax } from '../../src/wire/bounds.ts'

const at = (ms: number) => ms as Instant

t.test('full at 1,024 requests, and no longer once one ended', async t => {
  const flights = new Flights()
  for (let id = 0; id < inFlightMax - 1; id++) flights.begin(id, 1, false, at(0), 1000)
  t.notOk(flights.full)
  flights.begin(inFlightMax - 1, 1, false, at(0), 1000)
  t.ok(flights.full)
  t.ok(flights.end(5))
  t.notOk(flights.full)
})

t.test('full at 32 MiB', async t => {
  const flights = new Flights()
  flights.begin(1, inFlightBytesMax - 1, false, at(0), 1000)
  t.notOk(flights.full)
  flights.begin(2, 1, false, at(0), 1000)
  t.ok(flights.full)
})

t.test('an answer counts once', async t => {
  const flights = new Flights()
  flights.begin(1, 10, true, at(0), 1000)
  t.equal(flights.scans, 1)
  t.ok(flights.end(1))
  t.notOk(flights.end(1), 'a second answer must not be sent')
  t.notOk(flights.end(2), 'nor one of a request that was never there')
  t.same([flights.count, flights.bytes, flights.scans], [0, 0, 0])
})

t.test('what nobody answers is forgotten after its deadline', async t => {
  const flights = new Flights()
  flights.begin(1, 10, true, at(0), 100)
  flights.begin(2, 20, false, at(0), 60_000)
  t.same(flights.expired(at(2100)), [])
  t.same(flights.expired(at(2101)), [1])
  t.ok(flights.has(1), 'its owner ends it')
})
