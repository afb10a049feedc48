import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { keyFrom, valueFrom } from '../../src/cli/value.js'

const bytes = (text: string) => new TextEncoder().encode(text)
const input = (...chunks: Uint8Array[]) => Readable.from(chunks)

t.test('a value is its text, unless it is - or begins with @', async t => {
  for (const text of ['', '-1', '--', '-abc', 'a@b', '{"a":1}', 'é', ' - ']) {
    t.same(await valueFrom(text, input()), bytes(text), text)
  }
  t.same(await valueFrom('@@x', input()), bytes('@x'))
  t.same(await valueFrom('@@@', input()), bytes('@@'))
})

t.test('- is the bytes of standard input, exactly', async t => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  t.same(await valueFrom('-', input(all, bytes('\n'))), Uint8Array.of(...all, 10))
  t.same(await valueFrom('-', input()), new Uint8Array(0))
})

t.test('@FILE is the bytes of a file', async t => {
  const path = join(t.testdir(), 'value')
  const exact = Uint8Array.of(0, 255, 13, 10, 10)
  writeFileSync(path, exact)
  t.same(await valueFrom(`@${path}`, input()), exact)
  await t.rejects(valueFrom(`@${path}.none`), { code: 'USAGE', message: /no such file/ })
  await t.rejects(valueFrom(`@${t.testdirName}`), { code: 'USAGE', message: /directory/ })
  await t.rejects(valueFrom('@'), { code: 'USAGE' })
})

t.test('one mebibyte is a value, one byte more is not', async t => {
  const full = new Uint8Array(1024 * 1024)
  const path = join(t.testdir(), 'value')
  t.equal((await valueFrom('-', input(full))).length, full.length)
  await t.rejects(valueFrom('-', input(full, Uint8Array.of(1))), { code: 'TOO_LARGE' })
  await t.rejects(valueFrom('x'.repeat(full.length + 1)), { code: 'TOO_LARGE' })
  writeFileSync(path, Buffer.concat([full, Buffer.of(1)]))
  await t.rejects(valueFrom(`@${path}`), { code: 'TOO_LARGE' })
})

t.test('a key has 1 to 1,024 bytes of UTF-8', async t => {
  t.same(keyFrom('é'), bytes('é'))
  t.equal(keyFrom('k'.repeat(1024)).length, 1024)
  t.throws(() => keyFrom('é'.repeat(513)), { code: 'TOO_LARGE' })
  t.throws(() => keyFrom(''), { code: 'USAGE' })
})
