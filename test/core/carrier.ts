import t from 'tap'
import { Carrier, carriedBytes, usualFrameBytes } from '../../src/core/carrier.ts'
import type { Instant, Key } from '../../src/core/ids.ts'
import type { Effect } from '../../src/core/step.ts'
import { frameBytesMax } from '../../src/wire/bounds.ts'

const bytes = (count: number) => new Uint8Array(count)

t.test('several objects up to a mebibyte, or one that leaves room for its key', async t => {
  t.equal(usualFrameBytes, frameBytesMax)
  const carrier = new Carrier(usualFrameBytes)
  t.ok(carrier.carries(bytes(frameBytesMax - 4096)))
  t.notOk(carrier.carries(bytes(frameBytesMax - 4095)))
  const copy = (count: number) => ({ key: 'k' as Key, object: bytes(count) })
  const about = carriedBytes(copy(0))
  t.ok(carrier.fits(0, copy(8_000_000)))
  t.ok(carrier.fits(1, copy(1024 * 1024 - 1 - about)))
  t.notOk(carrier.fits(1, copy(1024 * 1024 - about)))
  t.equal(carrier.madeBytesMax, 8 * 1024 * 1024)
})

t.test('a key that cannot travel is told once, and forgotten once nobody meets it', async t => {
  const carrier = new Carrier(4096)
  const key = 'k\x00\n' as Key
  const out: Effect[] = []
  const at = (ms: number) => carrier.tick(ms as Instant, out)
  for (let ms = 0; ms < 3_000_000; ms += 60_000) {
    if (ms < 1_200_000) carrier.leave({ key, bytes: 5000 })
    at(ms)
    t.same(carrier.left.length, ms <= 1_740_000 ? 1 : 0, `${ms}`)
  }
  const note = { level: 'warn', event: 'key-too-large' }
  t.match(out, [{ type: 'note', note: { ...note, detail: { key: 'k\\x00\\x0a', bytes: 5000 } } }])
  t.equal(out.length, 1)
  for (let i = 0; i < 5000; i++) carrier.leave({ key: `k${i}` as Key, bytes: 5000 })
  t.equal(carrier.left.length, 1000)
})
