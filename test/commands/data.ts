import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, copyFileSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pipelined } from '../../src/cli/pipelined.ts'
import { type Ran, runKv, runScript, startCliCluster, startKv } from '../helpers/cli-cluster.ts'
import { checkRefusals, type Refusal } from '../helpers/refusals.ts'

t.setTimeout(300_000)
const directory = t.testdir()
const [cluster, other] = await Promise.all([startCliCluster(), startCliCluster()])
t.teardown(async () => {
  await Promise.all([cluster.stop(), other.stop()])
})
const { kv } = cluster

/** Runs what must succeed. */
async function done(words: readonly string[], input?: Uint8Array | string): Promise<Ran> {
  const ran = await kv(words, input)
  t.equal(ran.exit, 0, `${words.slice(0, 3).join(' ').slice(0, 60)}: ${ran.errors}`)
  return ran
}

/** A value's text, or undefined where there is none. */
async function textOfKey(key: string): Promise<string | undefined> {
  const { exit, text } = await kv(['get', key])
  return exit === 0 ? text : undefined
}

async function contextOf(key: string): Promise<string> {
  return (await done(['get', key, '--context-only'])).text.trim()
}

async function documentOf(words: readonly string[]) {
  return JSON.parse((await kv([...words, '--json'])).text)
}

t.test('any value comes back byte for byte, by pipe and by file', async t => {
  const values: Readonly<Record<string, Uint8Array>> = {
    empty: Buffer.of(),
    nul: Buffer.from('a\0b\0'),
    'every byte': Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
    'trailing newlines': Buffer.from('tea\n\n'),
    dash: Buffer.from('-'),
    'at sign': Buffer.from('@x'),
    'as large as may be': randomBytes(1024 * 1024),
  }
  const check = async ([name, value]: readonly [string, Uint8Array]) => {
    await done(['put', `pipe ${name}`, '-'], value)
    t.ok((await kv(['get', `pipe ${name}`])).stdout.equals(value), `${name}: pipe to pipe`)
    const path = join(directory, name.replaceAll(' ', '-'))
    writeFileSync(path, value)
    await done(['put', `file ${name}`, `@${path}`])
    const out = openSync(`${path}.out`, 'w')
    const child = startKv(['get', `file ${name}`], { KV_CLUSTER: cluster.directory }, out)
    t.equal(await new Promise(resolve => child.on('close', resolve)), 0)
    closeSync(out)
    t.ok(readFileSync(`${path}.out`).equals(value), `${name}: file to file`)
    const { encoding, value: shown } = await documentOf(['get', `file ${name}`])
    const label = encoding === 'base64' ? 'base64' : 'utf8'
    t.ok(Buffer.from(shown, label).equals(value), `${name}: --json, in ${encoding}`)
  }
  let checked = 0
  for await (const _ of pipelined(Object.entries(values), 2, check)) checked++
  t.equal(checked, Object.keys(values).length)
})

t.test('the host of these tests answers as a process of its own does', async t => {
  for (const words of [
    ['put', 'same', 'x'],
    ['get', 'same'],
    ['get', 'none'],
    ['get', '-x'],
    ['gt'],
  ]) {
    const [here, there] = await Promise.all([
      kv(words),
      runKv(words, { KV_CLUSTER: cluster.directory }),
    ])
    const shape = ({ exit, text, errors }: Ran) => [exit, text.split(' ')[0], errors]
    t.same(shape(here), shape(there))
  }
})

t.test('words on the command line mean what the help says', async t => {
  const meant = [
    [['-1'], '-1'],
    [['@@x'], '@x'],
    [['@@@x'], '@@x'],
    [['--', '-abc'], '-abc'],
    [['--', '--json'], '--json'],
    [['--', ''], ''],
    [['d\u{e9}j\u{e0} \u{1f375}\n'], 'd\u{e9}j\u{e0} \u{1f375}\n'],
  ] as const
  for (const [words, value] of meant) {
    const [first, ...rest] = words
    await done(first === '--' ? ['put', '--', 'word', ...rest] : ['put', 'word', ...words])
    t.equal(await textOfKey('word'), value)
  }
})

t.test('a refusal writes nothing', async t => {
  await done(['put', 'a', '1'])
  await done(['put', 'b', '1'])
  const [mine, theirs] = [await contextOf('a'), await contextOf('b')]
  const absent = await contextOf('never written')
  await other.kv(['put', 'a', 'elsewhere'])
  const foreign = (await other.kv(['get', 'a', '--context-only'])).text.trim()
  const edited = mine.replace(/.{4}$/, last => (last === 'AAAA' ? 'BBBB' : 'AAAA'))
  const big = join(directory, 'big')
  writeFileSync(big, randomBytes(1024 * 1024 + 1))
  const unsafe = join(directory, 'unsafe.json')
  copyFileSync(join(cluster.directory, 'secret.json'), unsafe)
  chmodSync(unsafe, 0o644)
  const wrong = join(other.directory, 'secret.json')
  const seed = JSON.parse(readFileSync(join(cluster.directory, 'cluster.json'), 'utf8')).nodes[0]
  const address = `127.0.0.1:${seed.port}`
  const put = (token: string): readonly string[] => ['put', 'a', 'x', '--context', token]
  const refusals: readonly Refusal[] = [
    [['put', 'a', 'x', '--frobnicate'], 2, /unknown flag: --frobnicate/],
    [['put', 'a', '-abc'], 2, /unknown flag: -abc/],
    [['put'], 2, /missing KEY/],
    [['put', 'a'], 2, /missing VALUE: use - for standard input/],
    [['put', 'a', 'x', 'y'], 2, /unexpected argument: y/],
    [['put', '', 'x'], 2, /a key has at least one byte/],
    [['put', 'k'.repeat(1025), 'x'], 2, /a key has at most 1024 bytes, this has 1025/],
    [['put', '\u{e9}'.repeat(513), 'x'], 2, /at most 1024 bytes, this has 1026/],
    [['put', 'a', `@${big}`], 2, /a value has at most 1048576 bytes/],
    [['put', 'a', '@'], 2, /@ needs the name of a file/],
    [['put', 'a', '@/no/such\x1b[31m'], 2, /cannot read \/no\/such\\e\[31m: no such file/],
    [['put', 'a', `@${directory}`], 2, /it is a directory/],
    [put(mine.slice(0, 20)), 2, /the context was not issued for this key/],
    [put(mine.slice(0, -1)), 2, /context/],
    [put(edited), 2, /the context was not issued for this key/],
    [put(theirs), 2, /the context was not issued for this key/],
    [put(absent), 2, /the context was not issued for this key/],
    [put(foreign), 2, /the context was not issued for this key/],
    [put(`${mine}\x1b[2J`), 2, /not a context token/],
    [put(''), 2, /not a context token/],
    [['put', 'a', 'x', '--context'], 2, /--context needs a value/],
    [[...put(mine), '--blind'], 2, /--blind excludes --context/],
    [['put', 'a', 'x', '--via', 'n9'], 3, /the cluster has no node n9/],
    [['put', 'a', 'x', '--via', 'N\x9b\u{202e}'], 3, /a node has a name/],
    [['put', 'a', 'x', '-w', '4'], 2, /r and w are 1 to 3/],
    [['put', 'a', 'x', '-r', '0'], 2, /"0" is no number of replicas/],
    [['put', 'a', 'x', '--timeout', '5'], 2, /"5" is not a duration/],
    [['put', 'a', 'x', '-c', 'No Name'], 2, /a cluster is a name of/],
    [['put', 'a', 'x', '-c', '/none\x07'], 3, /there is no cluster in \/none\\x07/],
    [['put', 'a', 'x', '-c', '127.0.0.1:1'], 11, /addresses need a credential/],
    [
      ['put', 'a', 'x', '-c', address, '--credential', wrong],
      11,
      /does not hold this cluster's secret/,
    ],
    [['put', 'a', 'x', '--credential', unsafe], 11, /is unsafe: .*chmod 600/],
    [['put', 'a', 'x', '--credential', '/none'], 11, /cannot open the credential/],
    [['put', 'a', 'x', '-c', '127.0.0.1:1', '--credential', wrong], 4, /nobody listens there/],
    [['get', 'none', '--via', 'n9'], 3, /the cluster has no node n9/],
    [['get', 'a', 'b', '-r', '7'], 2, /several values in a pipe|r and w/],
    [['del', 'none\x1b[2J'], 3, /none\\e\[2J: not found/],
    [['del', 'a', 'b', '--context', mine], 2, /a context belongs to one key/],
    [['del', 'a', '--context', theirs], 2, /the context was not issued for this key/],
    [['keys', 'pattern'], 2, /kv keys takes no argument: pattern/],
    [['keys', '--cursor', 'x'], 2, /not a cursor/],
    [['keys', '--limit', '0'], 2, /greater than or equal to 1/],
    [['ring', 'a', '--key', 'b'], 2, /two keys are given/],
    [['import', '/none'], 2, /cannot read \/none: no such file/],
    [['export', '/none/x'], 2, /cannot write \/none\/x: no such file/],
    [['export', directory], 2, /it is a directory/],
    [['batch', '-f', '/none'], 2, /cannot read \/none/],
    [['node', 'pause', 'n9'], 3, /has no node n9; it has n1, n2, n3/],
    [['pt', 'a', 'x'], 127, /unknown command "kv pt a x". Did you mean "kv put"\?/],
    [['clster', 'up'], 127, /Did you mean "kv cluster up"\?/],
    [['nod\x1b[31me', 'pause'], 127, /unknown command "kv nod\\e\[31me pause"/],
    [['--frobnicate'], 2, /unknown flag: --frobnicate/],
  ]
  // The same words twice: a several-keys refusal of --json is another one, tested elsewhere.
  const alone = refusals.filter(([words]) => !(words[0] === 'get' && words[2] === 'b'))
  const before = (await done(['export'])).text.split('\n').sort()
  await checkRefusals(t, words => kv(words), alone)
  t.same((await done(['export'])).text.split('\n').sort(), before)
  const several = await kv(['get', 'a', 'b'])
  t.match([several.exit, several.text, several.errors], [2, '', /use --json/])
  const typed = await runKv(['put', 'typed', '\u{fffd}'], { KV_CLUSTER: cluster.directory })
  t.equal(typed.exit, 0, 'the character that stands for wrong bytes may be typed')
  const script =
    'kv put "$(printf "\\xff")" x; kv put a "$(printf "x\\xff")"; kv get "$(printf "\\xff")"'
  const mangled = await runScript(script, { KV_CLUSTER: cluster.directory })
  t.equal(mangled.errors.match(/is not UTF-8 text/g)?.length, 3)
})

t.test('a missing cluster, and one of several that is not named', async t => {
  const nothing = { XDG_DATA_HOME: directory }
  for (const words of [['get', 'a'], ['keys'], ['cluster', 'status'], ['node', 'kill', 'n1']]) {
    const { exit, errors, text } = await runKv(words, nothing)
    t.match([exit, text, errors], [4, '', /^kv: there is no cluster[\s\S]*try: kv cluster up/])
  }
  t.equal((await runKv(['cluster', 'list'], nothing)).exit, 0)
})

t.test('a secret in the environment is not taken for a cluster that is named', async t => {
  const environment = { KV_CREDENTIAL: join(other.directory, 'secret.json') }
  await done(['put', 'named', 'x'])
  const named = await runKv(['get', 'named', '-c', cluster.directory], environment)
  t.match(named, { exit: 0, text: 'x' })
  const both = { ...environment, KV_CLUSTER: cluster.directory }
  t.equal(
    (await runKv(['get', 'named'], both)).exit,
    11,
    'both from the environment belong together',
  )
})

t.test('every node reads what any node wrote', async t => {
  for (const writer of ['n1', 'n2', 'n3']) {
    await done(['put', 'shared', writer, '--via', writer])
    for (const reader of ['n1', 'n2', 'n3'].filter(node => node !== writer)) {
      t.equal((await done(['get', 'shared', '--via', reader, '-r', 'all'])).text, writer)
    }
  }
})

t.test(
  'two puts with one context are two siblings, and a put that saw them leaves one',
  async t => {
    await done(['put', 'cart', 'empty'])
    const seen = await contextOf('cart')
    await done(['put', 'cart', 'tea', '--context', seen, '--via', 'n1'])
    const second = await done(['put', 'cart', 'rum', '--context', seen, '--via', 'n2'])
    t.match(second.errors, /kept beside 1 other version/)
    for (const via of ['n1', 'n2', 'n3']) {
      const { exit, text, errors } = await kv(['get', 'cart', '--via', via])
      t.match([exit, text], [6, ''], 'a pipe gets neither')
      t.match(
        errors,
        /cart has 2 versions\n.* tea .*\n.* rum |cart has 2 versions\n.* rum .*\n.* tea /,
      )
    }
    const { conflict, siblings } = await documentOf(['get', 'cart'])
    t.same(
      [conflict, siblings.map((one: { value: string }) => one.value).sort()],
      [true, ['rum', 'tea']],
    )
    await checkRefusals(t, words => kv(words), [
      [['put', 'cart', 'x'], 6, /cart has 2 versions; nothing was written/],
      [['del', 'cart'], 6, /cart has 2 versions; nothing was written/],
    ])
    t.equal((await documentOf(['get', 'cart'])).siblings.length, 2)
    await done(['put', 'cart', 'tea and rum', '--context', await contextOf('cart')])
    t.equal(await textOfKey('cart'), 'tea and rum')
    t.equal((await documentOf(['get', 'cart'])).conflict, false)
  },
)

t.test('put reads first, --blind does not', async t => {
  await done(['put', 'twice', '1'])
  await done(['put', 'twice', '2'])
  t.equal(await textOfKey('twice'), '2')
  await done(['put', 'twice', '3', '--blind'])
  t.equal((await documentOf(['get', 'twice'])).siblings.length, 2)
  await done(['del', 'twice', '--blind'])
  const { siblings } = await documentOf(['get', 'twice'])
  t.equal(siblings.filter((one: { deleted: boolean }) => one.deleted).length, 1)
  const deleted = await done(['del', 'twice', '--context', await contextOf('twice')])
  t.match(deleted.text, /^deleted twice {2}/)
  t.equal((await kv(['get', 'twice'])).exit, 3)
  const absent = await contextOf('twice')
  await done(['put', 'twice', 'again', '--context', absent])
  t.equal(await textOfKey('twice'), 'again', 'a deleted key has a context, too')
})

t.test('del of several keys: each is told, the worst exit code counts', async t => {
  await done(['put', 'd1', 'x'])
  await done(['put', 'd2', 'x'])
  const { exit, text, errors } = await kv(['del', 'd1', 'absent', 'd2'])
  t.match([exit, text, errors], [3, /deleted d1 .*\ndeleted d2 /, /absent: not found/])
  await done(['put', 'd1', 'x'])
  const several = await kv(['get', 'd1', 'd2', 'cart', '--json'])
  const documents = several.text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.equal(several.exit, 3)
  t.same(
    documents.map(one => [one.key, one.found]),
    [
      ['d1', true],
      ['d2', false],
      ['cart', true],
    ],
  )
})

t.test('keys: pages, prefixes, any byte', async t => {
  const names = Array.from({ length: 25 }, (_, i) => `page:${i}`)
  await kv(['batch'], names.map(name => `put ${name} x\n`).join(''))
  await done(['put', 'page: \n', 'x'])
  const listed: string[] = []
  let pages = 0
  for (let cursor: string | undefined = '', first = true; cursor !== undefined; first = false) {
    const from: string[] = first ? [] : ['--cursor', cursor]
    const page = await done(['keys', '--prefix', 'page:', '--limit', '10', '--json', ...from])
    const records = page.text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    listed.push(...records.flatMap(record => record.key ?? []))
    cursor = records.at(-1)?.cursor
    t.ok(++pages <= 4)
  }
  t.same([listed.sort(), pages], [[...names, 'page: \n'].sort(), 3])
  const nul = await done(['keys', '-0', '--prefix', 'page:'])
  t.same(nul.text.split('\0').slice(0, -1).sort(), listed)
  const short = await done(['keys', '--prefix', 'page:1', '--limit', '3'])
  t.match([short.text.split('\n').length, short.errors], [4, /^more: --cursor \S+\n$/])
  t.equal((await done(['keys', '--prefix', 'no such'])).text, '')
})

t.test('ring: who owns what, and where a key lives', async t => {
  await done(['put', 'ring', 'x'])
  const all = await done(['ring'])
  t.match(all.text, /NODE +ADDRESS +WEIGHT +FIRST +REPLICAS +OWNS\na +n1 +127/)
  for (const words of [
    ['ring', '--key', 'ring'],
    ['ring', 'ring'],
  ]) {
    t.match(
      (await done(words)).text,
      /ring {2}hash [0-9a-f]{16} {2}token [\d.]+% {2}partition \d+\/16/,
    )
    t.equal((await done(words)).text.match(/has \{n\d·[0-9a-f]{2}:\d+\} 1 byte\b/g)?.length, 3)
  }
  t.match((await done(['ring', 'absent\x1b[31m'])).text, /absent\\e\[31m {2}hash/)
})

t.test('with too few replicas: exit 5, and what can be written all the same', async t => {
  await done(['put', 'alone', '1'])
  await cluster.act('n2', 'kill')
  await cluster.act('n3', 'kill')
  const read = await kv(['get', 'alone', '--timeout', '2s'])
  t.match([read.exit, read.text, read.errors], [5, '', /kv: .*\n {2}try: kv cluster status\n/])
  t.equal((await done(['get', 'alone', '-r', '1'])).text, '1')
  const write = await documentOf(['put', 'alone', '2', '--timeout', '2s'])
  t.match(write, {
    error: { code: 'QUORUM', exit: 5, outcome: { needed: 2, op: /^[0-9a-f]{24}$/ } },
  })
  const one = await kv(['put', 'alone', '3', '-w', 'one'])
  t.match([one.exit, one.errors], [0, /warning: fewer replicas than R answered the read/])
  t.match(await documentOf(['put', 'alone', '4', '-w', '1']), {
    warnings: [/fewer replicas than R/],
  })
  await cluster.act('n1', 'pause')
  const silent = await kv(['get', 'alone', '--timeout', '500ms'])
  t.match([silent.exit, silent.text, silent.errors], [4, '', /no node could be asked in time/])
  await cluster.act('n1', 'kill')
  t.match(await kv(['get', 'alone', '--timeout', '1s']), { exit: 4, text: '' })
})
