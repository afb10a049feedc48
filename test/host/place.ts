import { cpSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isOf, placeOf } from '../../src/host/place.ts'

t.test('a directory that was moved is the same, a copy is not', async t => {
  const [a, b, copy] = ['a', 'b', 'copy'].map(name => join(t.testdir(), name)) as [
    string,
    string,
    string,
  ]
  mkdirSync(a)
  const written = { directory: placeOf(a) }
  renameSync(a, b)
  cpSync(b, copy, { recursive: true })
  t.ok(isOf(b, written))
  t.notOk(isOf(copy, written))
  t.ok(isOf(copy, {}), 'older versions do not say where')
})
