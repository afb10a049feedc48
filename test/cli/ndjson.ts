import fc from 'fast-check'
import t from 'tap'
import { type DataRecord, linesOf, recordFrom, shownRecord } from '../../src/cli/ndjson.js'

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map(text => new TextEncoder().encode(text)),
)
const key = bytes.filter(found => found.length > 0)

t.test('a record comes back from its line', async t => {
  const values = fc.array(fc.option(bytes, { nil: undefined }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(key, values, (key, values) => {
      const line = JSON.stringify(shownRecord({ key, values } satisfies DataRecord))
      t.same(recordFrom(line, 1), { key, values })
    }),
    { numRuns: 200 },
  )
})

t.test('the shapes', async t => {
  const text = (found: string) => new TextEncoder().encode(found)
  t.same(shownRecord({ key: text('k'), values: [text('v')] }), {
    key: 'k',
    value: 'v',
    encoding: 'utf8',
  })
  t.same(shownRecord({ key: Uint8Array.of(255), values: [text('v'), undefined] }), {
    key: '/w==',
    keyEncoding: 'base64',
    siblings: [{ value: 'v', encoding: 'utf8' }, { deleted: true }],
  })
})

t.test('a bad line is refused with its number', async t => {
  const bad = {
    '{': 'USAGE',
    '[]': 'USAGE',
    null: 'USAGE',
    '{"value":"v"}': 'USAGE',
    '{"key":"","value":"v"}': 'USAGE',
    '{"key":"k"}': 'USAGE',
    '{"key":"k","value":1}': 'USAGE',
    '{"key":"k","value":"*","encoding":"base64"}': 'USAGE',
    '{"key":"k","value":"v","encoding":"hex"}': 'USAGE',
    '{"key":"k","value":"v","ttl":5}': 'USAGE',
    '{"key":"k","siblings":[]}': 'USAGE',
    '{"key":"k","siblings":[1]}': 'USAGE',
    '{"key":"k","value":"v","siblings":[{"deleted":true}]}': 'USAGE',
    [`{"key":"${'k'.repeat(1025)}","value":"v"}`]: 'TOO_LARGE',
    [`{"key":"k","value":"${'v'.repeat(1024 * 1024 + 1)}"}`]: 'TOO_LARGE',
  }
  for (const [line, code] of Object.entries(bad)) {
    t.throws(() => recordFrom(line, 7), { code, message: /^line 7: / }, line.slice(0, 60))
  }
})

t.test('lines are found however the bytes are cut', async t => {
  const source = new TextEncoder().encode('one\n\ntwo é\r\nthree')
  for (let size = 1; size <= source.length; size++) {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < source.length; at += size) chunks.push(source.subarray(at, at + size))
    const lines: string[] = []
    for await (const line of linesOf(stream(chunks))) lines.push(line)
    t.same(lines, ['one', '', 'two é', 'three'])
  }
})

t.test('a line that is no UTF-8 is refused, never repaired', async t => {
  const lines = linesOf(stream([Uint8Array.of(0x61, 10, 0xff, 10)]))
  t.equal((await lines.next()).value, 'a')
  await t.rejects(lines.next(), { code: 'USAGE', message: /^line 2: / })
})

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
