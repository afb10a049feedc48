/** What the data commands ask of nodes, and how they tell what those say of fallbacks. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Explained } from '../../src/core/explained.ts'
import type { NodeId } from '../../src/core/ids.ts'
import type { GetRequest, PutRequest } from '../../src/core/message.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import { explainedOf } from '../helpers/explained.ts'
import { fakeCli } from '../helpers/fake-cli.ts'

t.setTimeout(300_000)
const { cluster, kv, json } = await fakeCli(t)

/** From now on the nodes say this of each get and put. */
function answering(change: Partial<Outcome>, explained?: Explained): void {
  cluster.behaviour = (request, name) => {
    const usual = cluster.usual(request, name)
    if (usual.type !== 'got' && usual.type !== 'wrote') return usual
    return { ...usual, outcome: { ...usual.outcome, ...change }, explained }
  }
}

const ids = (...names: string[]) => names as NodeId[]
const gets = () => cluster.asked('get') as GetRequest[]
const puts = () => cluster.asked('put') as PutRequest[]

t.test('--strict reaches every read and every write', async t => {
  await kv(['put', 'a', '1'])
  t.ok([...gets(), ...puts()].every(request => !request.strict && !request.explain))
  const records = join(t.testdir(), 'records')
  writeFileSync(records, '{"key":"b","value":"x"}\n')
  const runs: readonly (readonly [readonly string[], number, number, string?])[] = [
    [['get', 'a'], 1, 0],
    [['put', 'a', '2'], 1, 1],
    [['put', 'a', '3', '--blind'], 0, 1],
    [['del', 'b', '--blind'], 0, 1],
    [['import', records], 1, 1],
    [['export', '-'], 2, 0],
    [['batch'], 2, 1, 'get a\nput c 1\n'],
  ]
  for (const [words, reads, writes, input] of runs) {
    cluster.log.length = 0
    const ran = await kv([...words, '--strict'], input)
    t.ok([0, 3, 6].includes(ran.exit ?? -1), `${words.join(' ')}: ${ran.errors}`)
    t.same(
      [gets().filter(one => one.strict).length, puts().filter(one => one.strict).length],
      [reads, writes],
      words.join(' '),
    )
    t.same([gets().length, puts().length], [reads, writes])
  }
})

t.test('get --read-repair: this read and no other', async t => {
  const asked = async (...words: string[]) => {
    cluster.log.length = 0
    await kv(['get', 'none', ...words])
    return gets()[0]?.repair
  }
  t.equal(await asked(), undefined)
  t.equal(await asked('--read-repair', 'off'), 'off')
  t.equal(await asked('--read-repair', '0.25'), 0.25)
  t.match(await kv(['get', 'none', '--read-repair', 'never']), {
    exit: 2,
    text: '',
    errors: /^kv: --read-repair: "never" is no way to repair: .*\n$/,
  })
})

t.test('a write says who stood in, and for whom', async t => {
  answering({ primaryAcks: ids('n1'), fallbackAcks: ids('n4'), hinted: ids('n2') })
  const note = 'written to n1, n4 (for n2); n2 will get it when it is back\n'
  t.match(await kv(['put', 'k', 'v']), {
    exit: 0,
    text: /^ok k {2}2 acks \(n1 n4\) in \d+ms\n$/,
    errors: new RegExp(`${note.replace(/[()]/g, '\\$&')}$`),
  })
  t.equal((await kv(['put', 'k', 'v', '--blind'])).errors.split('\n').at(-2), note.trim())
  t.equal((await kv(['del', 'k', '--blind'])).errors, note)
  t.equal((await kv(['put', 'k', 'v', '--blind', '-q'])).errors, '')
  t.match(await json(['put', 'k', 'v', '--blind']), {
    outcome: { primaryAcks: ['n1'], fallbackAcks: ['n4'], hinted: ['n2'] },
  })
})

t.test('a get says who stood in, and warns where it is unrepaired', async t => {
  await kv(['put', 'r', 'v', '--blind'])
  answering({ primaryAcks: ids('n1'), fallbackAcks: ids('n4') })
  t.match(await kv(['get', 'r']), {
    exit: 0,
    text: 'v',
    errors: /^answered by n1, n4 \(standing in\): what only an owner holds that is away is not/,
  })
  answering({ unrepaired: true, repaired: ids('n3') })
  t.match(await kv(['get', 'r', '-v']), {
    text: 'v',
    errors: /^repaired n3\nkv: warning: r: too few owners .* \(unrepaired\)/m,
  })
  t.match(await json(['get', 'r']), {
    value: 'v',
    warnings: [/^r: too few owners/],
    outcome: { repaired: ['n3'], unrepaired: true },
  })
  t.match(await kv(['get', 'absent\x1b[2J']), { exit: 3, errors: /absent\\e\[2J: too few/ })
})

t.test('--explain: the waterfall beside the value, never in it', async t => {
  answering({})
  await kv(['put', 'e', 'v'])
  t.match(await kv(['get', 'e', '--explain']), {
    exit: 0,
    text: 'v',
    errors: /^kv: warning: the node that answered does not explain what it did\n$/,
  })
  t.match(await json(['get', 'e', '--explain']), { explain: null, warnings: [/does not explain/] })
  answering({}, explainedOf('0 n4 asked-full', '90 n1 asked-digest', '2100 n1 digest 3f2a'))
  const got = await kv(['get', 'e', '--explain'])
  t.match(got, { exit: 0, text: 'v', errors: /^e {2}hash 9f3a11c200000000 {2}token 62.2%/ })
  t.match(got.errors, /\n {2}2\.10ms {2}n1 {2}has digest 3f2a +[#█]+\n$/)
  t.match((await kv(['get', 'e', '--explain', '--context-only'])).text, /^\S+\n$/)
  t.match((await kv(['put', 'e', 'w', '--explain'])).errors, /^e {2}hash 9f3a/)
  for (const words of [
    ['get', 'e'],
    ['put', 'e', 'x'],
  ]) {
    t.match(await json([...words, '--explain']), {
      explain: { coordinator: 'n4', steps: [{ node: 'n4', what: 'asked-full' }, {}, {}] },
    })
    t.notOk('explain' in Object(await json(words)))
  }
  cluster.log.length = 0
  await kv(['put', 'e', 'y', '--explain'])
  t.same([gets()[0]?.explain, puts()[0]?.explain], [false, true], 'the write, not the read before')
})

t.test('--op: a write that may have happened is tried again, and done at most once', async t => {
  await kv(['put', 'op', 'before'])
  cluster.behaviour = request => (request.type === 'put' ? 'silent' : 'usual')
  const words = ['put', 'op', 'v', '--timeout', '900ms']
  const failed = await json(words, 7)
  const op: string = Reflect.get(Object(failed), 'error').outcome.op
  t.match(op, /^[0-9a-f]{24}$/)
  const again = / {2}try: the same put or del with --op [0-9a-f]{24} --context ([\w-]+): done/
  const [, context = ''] = again.exec((await kv(words)).errors) ?? []
  t.not(context, '', 'with what it had seen')
  const blind = / --op [0-9a-f]{24} --blind: done/
  t.match((await kv([...words, '--blind'])).errors, blind)
  cluster.behaviour = () => 'usual'
  cluster.log.length = 0
  for (let i = 0; i < 2; i++) {
    const words = ['put', 'op', 'v', '--op', op, '--context', context]
    t.match(await json(words), { siblings: 0, outcome: { op } })
  }
  t.same(
    new Set(puts().map(request => request.op)),
    new Set([Buffer.from(op, 'hex').toString('latin1')]),
  )
  cluster.log.length = 0
  for (const write of [
    ['put', 'op', 'v'],
    ['del', 'op'],
  ]) {
    const refused = await kv([...write, '--op', op])
    t.match(refused, { exit: 2, errors: /^kv: a write that is tried again repeats --op and .*\n$/ })
    t.same([...puts(), ...gets()], [], 'nothing is asked')
  }
  const blindly = ['del', 'never', '--op', op, '--blind']
  t.match(await kv(blindly), { exit: 0 }, 'the first try may have deleted it')
  t.match(await kv(['del', 'a', 'b', '--op', op]), {
    exit: 2,
    errors: /an operation id belongs to one key/,
  })
  t.match(await kv(['put', 'op', 'v', '--op', 'x']), {
    exit: 2,
    errors: /--op: an operation id has/,
  })
})
