/** `kv export` and `kv keys --partial` against nodes that answer what a test says. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Key } from '../../src/core/ids.ts'
import { nothingDone } from '../../src/core/outcome.ts'
import { fakeCli } from '../helpers/fake-cli.ts'

t.setTimeout(300_000)
const { cluster, kv } = await fakeCli(t, ['n1', 'n2', 'n3'])
const directory = t.testdir()
const keysOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).key)

for (const key of ['a', 'b', 'c', 'd', 'e']) await kv(['put', key, `value of ${key}`])

t.test('a key that is too large to be read stops nothing, and no backup looks whole', async t => {
  cluster.behaviour = request => {
    const isLarge = request.type === 'get' && ['b', 'd'].includes(request.key)
    if (!isLarge) return 'usual'
    const message = 'the siblings of this key do not fit into one reply'
    const failure = { code: 'TOO_LARGE', message, outcome: nothingDone(2) } as const
    return { type: 'failed', id: request.id, failure, explained: undefined }
  }
  const file = join(directory, 'backup.ndjson')
  t.match(await kv(['export', file]), {
    exit: 2,
    text: '',
    errors: /^kv: 2 keys are too large to be read \(b, d\)[^\n]*\n {2}try: kv export --partial/,
  })
  t.notOk(existsSync(file))
  const piped = await kv(['export'])
  t.match(piped, { exit: 2, errors: /^kv: 2 keys are too large to be read \(b, d\)/ })
  t.same(keysOf(piped.text), ['a', 'c', 'e'])
  const partial = await kv(['export', file, '--partial'])
  t.match(partial, { exit: 5, errors: /\nkv: the export lacks keys: 2 keys are .* \(b, d\)\n$/ })
  t.same(keysOf(readFileSync(file, 'utf8')), ['a', 'c', 'e'])
  const document = await kv(['export', file, '--partial', '--json'])
  t.equal(document.exit, 5)
  const lacks = { unread: 0, tooLarge: [{ key: 'b' }, { key: 'd' }] }
  t.match(JSON.parse(document.text), { records: 3, missing: lacks })
})

t.test('a partition that two pages name is counted once', async t => {
  const pages = [
    { keys: ['a'], cursor: 'tokentok1', missing: { partitions: 2, first: 3, last: 7, why: 'x' } },
    { keys: ['b'], cursor: 'tokentok2', missing: { partitions: 1, first: 7, last: 7, why: 'x' } },
    { keys: ['c'], cursor: undefined, missing: { partitions: 2, first: 7, last: 9, why: 'x' } },
  ]
  cluster.behaviour = request => {
    if (request.type !== 'scan') return 'usual'
    const page = pages[['', 'tokentok1', 'tokentok2'].indexOf(request.after)]!
    return { type: 'page', id: request.id, ...page, keys: page.keys as Key[] }
  }
  const listed = await kv(['keys', '--partial'])
  t.match(listed, { exit: 5, text: 'a\nb\nc\n' })
  t.match(
    listed.errors,
    /^kv: the list may lack keys: up to 3 partitions without a quorum \(x\)\n$/,
  )
})
