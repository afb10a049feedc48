import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { exitOf } from '../../src/cli/exit-codes.ts'
import { codes } from '../../src/core/outcome.ts'
import { startCliCluster } from '../helpers/cli-cluster.ts'

t.setTimeout(300_000)
type Flag = {
  readonly name: string
  readonly char?: string
  readonly hidden?: boolean
  readonly helpValue?: string
  readonly description?: string
}
type Manifest = {
  readonly commands: Readonly<Record<string, { readonly flags: Record<string, Flag> }>>
}
const manifest: Manifest = JSON.parse(readFileSync('oclif.manifest.json', 'utf8'))
const commands = Object.entries(manifest.commands).map(([id, { flags }]) => ({
  name: id.replaceAll(':', ' '),
  flags: Object.values(flags).filter(({ hidden }) => !hidden),
}))
const page = readFileSync(join('docs', 'commands.md'), 'utf8')
const shared = sectionOf(page, '## What all commands share')

t.test('docs/commands.md names every command with every flag', async t => {
  t.ok(commands.length >= 20)
  for (const { name, flags } of commands) t.same(missingIn(page, name, flags), [], name)
  const invented = [{ name: 'frobnicate', char: 'z' }]
  t.same(missingIn(page, 'put', invented), ['--frobnicate', '-z'], 'the check fires')
  t.same(missingIn(page, 'frobnicate', []), ['kv frobnicate'])
  t.same(missingIn(page, 'net drop', invented), ['--frobnicate', '-z'], 'in a table, too')
})

t.test('and every code with its exit code', async t => {
  const rows = sectionOf(page, '## Exit codes').matchAll(/^\| (\d+) \| (.*?) \|/gm)
  const listed = [...rows].flatMap(([, exit, names]) =>
    [...(names ?? '').matchAll(/[A-Z_]+/g)].map(([code]) => `${code} ${exit}`),
  )
  t.same(
    listed.filter(row => row !== 'USAGE 127').sort(),
    codes.map(code => `${code} ${exitOf(code)}`).sort(),
  )
})

t.test('no flag takes a secret', async t => {
  t.same(
    commands.flatMap(({ flags }) => flags.filter(takesSecret)),
    [],
  )
  const bad = { name: 'token', description: 'the secret of the cluster' }
  t.ok(takesSecret({ name: 'password' }) && takesSecret(bad), 'the check fires')
})

t.test('--json: the fields of each command', async t => {
  const cluster = await startCliCluster()
  t.teardown(cluster.stop)
  const secrets = readFileSync(join(cluster.directory, 'secret.json'), 'utf8')
  const canaries = secrets.match(/[A-Za-z0-9+/_-]{20,}/g) ?? []
  t.ok(canaries.length > 0, 'there is a secret to look for')
  const fieldsOf = async (words: readonly string[], exit = 0) => {
    const ran = await cluster.kv([...words, '--json'])
    t.match(ran, { exit, errors: '', text: /^\{.*\}\n$/ }, words.join(' '))
    for (const canary of canaries) t.notOk(ran.text.includes(canary), 'no secret in it')
    const documents = ran.text
      .trim()
      .split('\n')
      .map(line => shapeOf(JSON.parse(line)))
    return documents.length === 1 ? documents[0] : documents
  }
  const outcome = 'definite,fallbackAcks:[],hinted:[],needed,primaryAcks:[…],repaired:[],unrepaired'
  const wrote = outcome.replace('definite', 'definite,dot').replace('needed', 'needed,op')
  const expected: readonly (readonly [readonly string[], string, number?])[] = [
    [['put', 'a', '1'], `{cluster,context,key,ms,outcome:{${wrote}},siblings}`],
    [['put', 'a', '2', '--blind'], `{cluster,context,key,ms,outcome:{${wrote}},siblings}`],
    [
      ['get', 'a'],
      `{cluster,conflict,context,found,key,ms,outcome:{${outcome}},siblings:[{at,deleted,dot,encoding,value,via}]}`,
      6,
    ],
    [['put', 'a', 'x'], '{error:{code,exit,message,suggestions:[…]}}', 6],
    [['put', 'b', '1'], `{cluster,context,key,ms,outcome:{${wrote}},siblings}`],
    [['get', 'b'], `{cluster,conflict,context,encoding,found,key,ms,outcome:{${outcome}},value}`],
    [['get', 'none'], `{cluster,context,found,key,ms,outcome:{${outcome}}}`, 3],
    [['keys', '--prefix', 'b'], '{key}'],
    [['export', '--prefix', 'b'], '{encoding,key,value}'],
    [['export', '--prefix', 'a'], '{key,siblings:[{encoding,value}]}'],
    [['del', 'b'], `{cluster,context,key,ms,outcome:{${wrote}},siblings}`],
    [
      ['ring'],
      '{cluster,epoch,fallbacks,fullest,imbalance,nodes:[{address,first,node,part,replicas,share,weight,zone}],partitions,replicas}',
    ],
    [
      ['ring', 'a'],
      '{cluster,fallbacks:[],hash,key,partition,preference:[{address,answered,node,versions:[{bytes,dot,tombstone,via}],whole}],token}',
    ],
    [
      ['cluster', 'status'],
      '{cluster,dir,health,nodes:[{address,answers,connected:[…],full,hints,keys,member,name,ownership,pid,restarts,state,uptimeMs,whole}],quorum:{fewestReplicas,partitionsBelow,partitionsFull,read,write},ringAgreed,supervisor}',
    ],
    [['node', 'pause', 'n3'], '{action,from,node,to}'],
    [['node', 'resume', 'n3', 'n3'], '{nodes:[{action,from,node,to}]}'],
    [
      ['get', 'a', '--via', 'n9'],
      `{error:{code,exit,message,outcome:{${outcome.replace('[…]', '[]')}},suggestions:[…]}}`,
      3,
    ],
  ]
  for (const [words, shape, exit] of expected) {
    t.equal(await fieldsOf(words, exit), shape, words.join(' '))
  }
  t.equal((await cluster.kv(['node', 'kill', 'n3'])).exit, 0)
  t.equal((await cluster.kv(['cluster', 'status'])).exit, 0, 'it could look')
  t.equal((await cluster.kv(['cluster', 'status', '--check'])).exit, 9)
})

/** What of a command is not on its page: itself, or its own flags. */
function missingIn(text: string, name: string, flags: readonly Flag[]): readonly string[] {
  const inTable = /^(node (?!run)|net )/.test(name)
  const section = inTable ? rowOf(text, name) : sectionOf(text, `### kv ${name}`)
  if (section === '') return [`kv ${name}`]
  const words = flags.flatMap(flag => [`--${flag.name}`, ...(flag.char ? [`-${flag.char}`] : [])])
  const like = name === 'del' ? sectionOf(text, '### kv put KEY') : ''
  // A quorum's short flag is enough where its long one stands elsewhere on the page.
  const known = `${section}${like}${shared}`
  return words.filter(word => !new RegExp(`\`${word}[ \`]`).test(known) && !isQuorum(word, known))
}

/** The one line of a table that tells all about a command. */
function rowOf(text: string, name: string): string {
  return text.split('\n').find(line => line.startsWith(`| \`kv ${name}`)) ?? ''
}

function isQuorum(word: string, known: string): boolean {
  const short = { '--read-quorum': '`-r`', '--write-quorum': '`-w`' }[word]
  return short !== undefined && known.includes(short)
}

/** From a title to the next of its level or a higher one. */
function sectionOf(text: string, title: string): string {
  const lines = text.split('\n')
  const from = lines.findIndex(line => line === title || line.startsWith(`${title} `))
  if (from === -1) return ''
  const level = /^#+/.exec(title)?.[0].length ?? 1
  const rest = lines.slice(from + 1)
  const to = rest.findIndex(line => (/^#+(?= )/.exec(line)?.[0].length ?? 9) <= level)
  return rest.slice(0, to === -1 ? rest.length : to).join('\n')
}

/** The path of a file that holds one is none. */
function takesSecret({ name, helpValue, description = '' }: Flag): boolean {
  if (helpValue === '<file>') return false
  return /secret|password|token|private|api-?key/i.test(`${name} ${description}`)
}

/** The names of a document's fields, sorted; of a list its first item. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) {
    const [first] = value
    return first === undefined ? '[]' : `[${shapeOf(first) || '…'}]`
  }
  if (typeof value !== 'object' || value === null) return ''
  const fields = Object.entries(value).map(([name, field]) => {
    const shape = shapeOf(field)
    return shape === '' ? name : `${name}:${shape}`
  })
  return `{${fields.sort().join(',')}}`
}
