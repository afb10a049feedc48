import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runKv, runScript, startCliCluster, startKv } from '../helpers/cli-cluster.ts'

t.setTimeout(300_000)
const directory = t.testdir()
const cluster = await startCliCluster()
t.teardown(cluster.stop)
const { kv } = cluster
const environment = { KV_CLUSTER: cluster.directory }

function linesOf(text: string) {
  return text
    .trim()
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

t.test('export and import carry any key, any value, siblings and tombstones', async t => {
  const records = [
    { key: 'text', value: 'tea\n', encoding: 'utf8' },
    { key: 'bytes', value: '/wCA', encoding: 'base64' },
    { key: '/w==', keyEncoding: 'base64', value: 'key of one byte 0xff', encoding: 'utf8' },
    { key: '__proto__', value: '', encoding: 'utf8' },
    {
      key: 'three',
      siblings: [
        { value: 'a', encoding: 'utf8' },
        { value: '/w==', encoding: 'base64' },
        { deleted: true },
      ],
    },
  ]
  const file = join(directory, 'records.ndjson')
  writeFileSync(file, records.map(record => `${JSON.stringify(record)}\n`).join(''))
  const imported = await kv(['import', file])
  t.match(imported, { exit: 0, text: '', errors: /^imported 5 records in \d+ ms\n$/ })

  const exported = join(directory, 'exported.ndjson')
  const summary = await kv(['export', exported, '--json'])
  t.match(JSON.parse(summary.text), { records: 5, conflicts: 1, ms: Number })
  const byKey = new Map(linesOf(readFileSync(exported, 'utf8')).map(one => [one.key, one]))
  for (const record of records) {
    const found = byKey.get(record.key)
    if (record.siblings === undefined) t.same(found, record)
    else t.same(sorted(found.siblings), sorted(record.siblings))
  }
  t.same(readdirSync(directory).sort(), ['exported.ndjson', 'records.ndjson'], 'nothing partial')
  const piped = await kv(['export', '--prefix', 't'])
  t.same(
    linesOf(piped.text)
      .map(one => one.key)
      .sort(),
    ['text', 'three'],
  )
  t.match(piped.errors, /^exported 2 records, 1 with siblings/)

  const again = await kv(['import', exported, '--json'])
  t.equal(again.exit, 6, 'a key with siblings is left alone')
  t.match(JSON.parse(again.text), { records: 4, conflicts: 1, warnings: [/three has siblings/] })
  t.equal(JSON.parse((await kv(['get', 'three', '--json'])).text).siblings.length, 3)
  const before = JSON.parse((await kv(['get', 'text', '--json'])).text)
  t.equal(before.conflict, false, 'a record supersedes what its key held')
})

t.test('import stops at the first bad line and says how far it came', async t => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ['nonsense', /line 2: this is not a JSON object/],
    ['{"key":"x"}', /line 2: "value" is missing/],
    ['{"key":"","value":"x"}', /line 2: "key" is empty/],
    [`{"key":"${'k'.repeat(1025)}","value":"x"}`, /line 2: "key" has more than 1024 bytes/],
    [
      `{"key":"x","value":"${'v'.repeat(1024 * 1024 + 1)}"}`,
      /line 2: "value" has more than 1048576/,
    ],
    ['{"key":"x","value":"=","encoding":"base64"}', /line 2: "value" is neither utf8 nor base64/],
    ['{"key":"x","siblings":[]}', /line 2: "siblings" is not a list/],
    ['{"key":"x","value":"x","ttl":1}', /line 2: "ttl" is not supported/],
    ['\x1b[2J', /line 2/],
  ]
  for (const [line, says] of bad) {
    const file = join(directory, 'bad.ndjson')
    writeFileSync(file, `{"key":"good","value":"1"}\n${line}\n{"key":"after","value":"1"}\n`)
    const { exit, text, errors } = await kv(['import', file])
    t.match([exit, text, errors], [2, '', says])
    t.match(errors, /1 record before it imported/)
  }
  t.equal((await kv(['get', 'x'])).exit, 3)
  t.equal((await kv(['get', 'after'])).exit, 3)
  t.equal((await kv(['get', 'good'])).exit, 0)
})

t.test('batch: one result a line, in order, the worst exit code', async t => {
  const lines = [
    'put batch:1 tea with milk',
    'get batch:1',
    '# a comment, and an empty line',
    '',
    'put "batch: 2" "a\\nb"',
    'get "batch: 2"',
    'get absent',
    'del batch:1',
    'get batch:1',
    '{"op":"put","key":"/g==","keyEncoding":"base64","value":"/w==","encoding":"base64"}',
    '{"op":"get","key":"/g==","keyEncoding":"base64"}',
    'frobnicate x',
    'put batch:3',
  ]
  const { exit, text, errors } = await kv(['batch'], `${lines.join('\n')}\n`)
  t.same([exit, errors], [2, ''])
  const results = linesOf(text)
  t.same(
    results.map(one => [one.line, one.op, one.found, one.value, one.error?.exit]),
    [
      [1, 'put', undefined, undefined, undefined],
      [2, 'get', true, 'tea with milk', undefined],
      [5, 'put', undefined, undefined, undefined],
      [6, 'get', true, 'a\nb', undefined],
      [7, 'get', false, undefined, undefined],
      [8, 'del', undefined, undefined, undefined],
      [9, 'get', false, undefined, undefined],
      [10, 'put', undefined, undefined, undefined],
      [11, 'get', true, '/w==', undefined],
      [12, undefined, undefined, undefined, 2],
      [13, undefined, undefined, undefined, 2],
    ],
  )
  const counts = Array.from({ length: 50 }, (_, i) => `put one-key ${i}`)
  t.equal((await kv(['batch'], counts.join('\n'))).exit, 0)
  t.equal((await kv(['get', 'one-key'])).text, '49', 'lines of one key run in their order')
  t.equal((await kv(['batch', '-f', join(directory, 'none')])).exit, 2)
})

t.test('a reader that leaves early ends kv quietly', async t => {
  const many = Array.from({ length: 3000 }, (_, i) => `put many:${i} ${'x'.repeat(100)}\n`).join('')
  t.equal((await kv(['batch', '--blind'], many)).exit, 0)
  for (const command of ['keys', 'export', 'keys --json', 'get one-key --json']) {
    const { text, errors } = await runScript(`kv ${command} | head -c 1`, environment)
    t.match([text.length, errors], [1, /^(exported .*\n)?$/], command)
  }
  const closed = await runScript(
    'kv get absent 2>&1 >/dev/null | true; kv get one-key 2>&-',
    environment,
  )
  t.same([closed.text, closed.errors], ['49', ''])
})

t.test('a full disk behind stdout is one line', async t => {
  const script =
    'for words in "get one-key" "keys" "get one-key --json"; do kv $words > /dev/full; echo $?; done'
  const { text, errors } = await runScript(script, environment)
  t.same(text, '1\n1\n1\n')
  t.match(errors, /^(kv: cannot write to standard output: ENOSPC.*\n){3}$/)
})

t.test('standard input is read only where it is asked for', async t => {
  const waiting = await runKv(['get', 'one-key'], environment)
  t.match(waiting, { exit: 0, text: '49' }, 'stdin stays open, and get does not wait for its end')
  t.equal((await runKv(['put', 'k'], environment)).exit, 2)
  t.equal((await runKv(['put', 'k', 'x'], environment)).exit, 0)
})

t.test('Ctrl-C ends a command that waits, with exit 130', async t => {
  const child = startKv(['import', '-'], environment)
  let errors = ''
  child.stderr?.on('data', chunk => {
    errors += chunk
  })
  child.stdin?.write('{"key":"first","value":"1"}\n')
  while ((await kv(['get', 'first'])).exit !== 0);
  child.kill('SIGINT')
  t.equal(await new Promise(resolve => child.on('close', resolve)), 130)
  t.match(errors, /^kv: stopping \(Ctrl-C again to force\)\nkv: .*\n$/)
})

function sorted(siblings: readonly unknown[]): readonly string[] {
  return siblings.map(one => JSON.stringify(one)).sort()
}
