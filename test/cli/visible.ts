import fc from 'fast-check'
import t from 'tap'
import {
  oneLine,
  shownMax,
  visible,
  visibleBytes,
  visibleJson,
  visibleLines,
} from '../../src/cli/visible.js'

const acting = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Cs}/u

t.test('escapes what a terminal acts on, by name or number', async t => {
  t.equal(visible('\x1b[2J'), '\\e[2J')
  t.equal(visible('a\rb\bc\x7f'), 'a\\rb\\x08c\\x7f')
  t.equal(visible('\x9b2J'), '\\x9b2J')
  t.equal(visible('abc\u202exyz'), 'abc\\u{202e}xyz')
  t.equal(visible('\u200b\u{e0041}\ud800'), '\\u{200b}\\u{e0041}\\u{d800}')
  t.equal(visible('two\nlines'), 'two\\nlines')
  t.equal(visibleLines('two\nlines\r'), 'two\nlines\\r')
  t.equal(visible('déjà 日本 😀 ❤️'), 'déjà 日本 😀 ❤️')
})

t.test('no text whatever gets a control character through', async t => {
  const any = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(any, text => {
      t.notOk(acting.test(visible(text)))
      t.equal(visible(visible(text)), visible(text))
      t.notOk(acting.test(visibleLines(text).replaceAll('\n', '')))
    }),
    { numRuns: 300 },
  )
})

t.test('every single code unit below U+3000 is either shown or escaped, never raw', async t => {
  const raw: number[] = []
  for (let code = 0; code < 0x3000; code++) {
    if (acting.test(visible(String.fromCharCode(code)))) raw.push(code)
  }
  t.same(raw, [])
})

t.test('bytes that are no UTF-8 are escaped one by one', async t => {
  t.equal(visibleBytes(Uint8Array.of(0x61, 0xff, 0x1b, 0x9b)), 'a\\xff\\e\\x9b')
  t.equal(visibleBytes(new TextEncoder().encode('é\n')), 'é\n')
})

t.test('cuts before it escapes', async t => {
  const long = oneLine('\x1b'.repeat(1_000_000))
  t.ok(long.length < shownMax * 2 + 60)
  t.match(long, /\(1000000 characters\)$/)
})

t.test('JSON on a terminal stays the same document', async t => {
  const document = { key: '\x1b\x7f\x9b\u202e\u{e0041}\u2028' }
  const shown = visibleJson(JSON.stringify(document))
  t.notOk(acting.test(shown))
  t.same(JSON.parse(shown), document)
})
