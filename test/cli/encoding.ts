import fc from 'fast-check'
import t from 'tap'
import {
  contextFrom,
  contextToken,
  decoded,
  encodedKey,
  encodedValue,
  opFrom,
} from '../../src/cli/encoding.js'

t.test('any bytes come back from JSON exactly', async t => {
  const round = (bytes: Uint8Array) => {
    const { value, encoding } = JSON.parse(JSON.stringify(encodedValue(bytes)))
    t.same(decoded(value, encoding), bytes)
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), round), { numRuns: 300 })
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => round(new TextEncoder().encode(text))),
    { numRuns: 100 },
  )
  round(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))
})

t.test('base64 only where the bytes are no text, and then labelled', async t => {
  t.same(encodedValue(Uint8Array.of(0x68, 0x69)), { value: 'hi', encoding: 'utf8' })
  t.same(encodedValue(Uint8Array.of(0xff)), { value: '/w==', encoding: 'base64' })
  t.same(encodedKey(Uint8Array.of(0x68)), { key: 'h' })
  t.same(encodedKey(Uint8Array.of(0xff)), { key: '/w==', keyEncoding: 'base64' })
})

t.test('malformed base64 and unknown encodings are refused', async t => {
  for (const text of ['/w=', '/x==', '*', 'AA A']) t.equal(decoded(text, 'base64'), undefined, text)
  t.equal(decoded('a', 'hex'), undefined)
  t.same(decoded('a', undefined), Uint8Array.of(0x61))
})

t.test('a context is one word; a word that is none is refused', async t => {
  const context = Uint8Array.of(0, 255, 254, 62)
  t.match(contextToken(context), /^[A-Za-z0-9_-]+$/)
  t.same(contextFrom(contextToken(context)), context)
  for (const bad of ['', 'a', 'AAA$', ' AAAA', 'AA==']) {
    t.throws(() => contextFrom(bad), { code: 'BAD_CONTEXT' }, bad)
  }
})

t.test('an operation id is 24 digits', async t => {
  t.equal(opFrom('00ff'.repeat(6)), '\0\xff'.repeat(6))
  for (const bad of ['', '00', 'zz'.repeat(12), '0'.repeat(23), '0'.repeat(26)]) {
    t.throws(() => opFrom(bad), { code: 'USAGE' }, bad)
  }
})
