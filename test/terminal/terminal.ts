import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startCliCluster } from '../helpers/cli-cluster.ts'
import { onTerminal, type Typed, whyNoTerminal } from '../helpers/pseudo-terminal.ts'

t.setTimeout(300_000)
const skip = whyNoTerminal()
if (skip !== false) t.comment(`no terminal tests: ${skip}`)
const cluster = skip === false ? await startCliCluster() : undefined
t.teardown(async () => cluster?.stop())

/** Escape codes of colours, which the program may send; foreign bytes may not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const styles = /\x1b\[(1|4|22|24|36|39|31|33|2|0)m/g
/** What moves a cursor, rings a bell or turns the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const acted = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufffd]/

async function shown(words: readonly string[], typed: readonly Typed[] = [], more = {}) {
  const environment = { KV_CLUSTER: cluster?.directory ?? '', ...more }
  const { exit, text } = await onTerminal(words, environment, typed)
  return { exit, text: text.replaceAll('\r\n', '\n').replaceAll('^C', '') }
}

t.test('no byte of a key, a value or a name reaches a terminal raw', { skip }, async t => {
  const evil = 'k\x1b[31m\x07\r\x9b2J\u{202e}\u{200b}\n'
  const bytes = join(t.testdir(), 'bytes')
  writeFileSync(bytes, Buffer.from([0, 27, 91, 0x80, 0xff, 10]))
  await cluster?.kv(['put', evil, `a${evil}`])
  await cluster?.kv(['put', 'bytes', `@${bytes}`])
  await cluster?.kv(['put', 'two', '1'])
  await cluster?.kv(['put', 'two', `2${evil}`, '--blind'])
  const runs: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['get', evil], 0, /^ak\\e\[31m\\x07\\r\\x9b2J\\u\{202e\}\\u\{200b\}\n\n$/],
    [['get', 'bytes'], 0, /^\\0\\e\[\\x80\\xff\n\n$/],
    [['get', evil, '--json'], 0, /"key": "k\\u001b\[31m\\u0007\\r\\u009b2J\\u202e\\u200b\\n"/],
    [['get', 'bytes', evil], 0, /^bytes: \\0\\e/],
    [['get', 'two'], 6, /two has 2 versions\n {2}1 {2}/],
    [['get', `no${evil}`], 3, /^nok\\e\[31m\\x07/],
    [['put', evil, `a${evil}`], 0, /^ok k\\e\[31m/],
    [['keys'], 0, /^k\\e\[31m\\x07\\r\\x9b2J\\u\{202e\}\\u\{200b\}\\n$/m],
    [['keys', '-0'], 0, /^k\\e\[31m/m],
    [['keys', '--json'], 0, /"key":"k\\u001b/],
    [['export'], 0, /"key":"k\\u001b/],
    [['ring', evil], 0, /k\\e\[31m/],
    [['del', `no${evil}`], 3, /nok\\e\[31m.*: not found/],
    [['get', 'two', '--via', evil], 3, /a node has a name/],
    [['node', 'pause', evil], 3, /has no node k\\e\[31m/],
    [['get', 'two', '-c', `/${evil}`], 3, /there is no cluster in \/k\\e/],
    [['get', 'two', `--${evil}`], 2, /unknown flag: --k\\e/],
    [[`x${evil}`], 127, /unknown command "kv xk\\e/],
    [['put', 'a', `@${evil}`], 2, /cannot read k\\e/],
    [['cluster', 'logs', '-n', evil], 3, /there is no log of k\\e/],
    [['get', 'two', '-r', evil], 2, /"k\\e.*" is no number of replicas/],
    [['put', 'a', 'x', '--blind', '--context', evil], 2, /--blind excludes --context\n/],
    [['get', 'two', '--read-repair', evil], 2, /"k\\e.*" is no way to repair/],
    [['cluster', 'up', '--hint-quota', evil], 2, /"k\\e.*" is no quota for hints/],
    [['cluster', 'up', '--fallbacks', evil], 2, /"k\\e.*" is no number of fallbacks/],
    [['hints', '--drain', evil], 3, /there is no node k\\e/],
    [['help', evil], 127, /unknown command "kv k\\e/],
    [['cluster', 'up', '--durability', evil], 2, /Expected --durability=k\\e/],
  ]
  for (const [words, exit, says] of runs) {
    const found = await shown(words)
    t.match(found, { exit, text: says }, words.join(' '))
    t.notMatch(found.text, acted, `${words.join(' ')}: nothing acts`)
  }
})

t.test('the check for raw bytes fires on one', { skip }, async t => {
  for (const raw of ['\x1b[2J', '\x9b', '\x07', '\u{202e}', '\b']) t.match(`a${raw}b`, acted)
  t.notMatch('ok k\\e[31m·█\n\t'.replaceAll('\t', ''), acted)
})

t.test('help has styles where a terminal wants them, and none elsewhere', { skip }, async t => {
  const help = await shown(['put', '--help'])
  t.match(help.text, styles)
  t.notMatch(help.text.replaceAll(styles, ''), acted)
  t.notMatch((await shown(['put', '--help'], [], { NO_COLOR: '1' })).text, acted)
})

t.test('destroying a cluster asks for its name', { skip }, async t => {
  const directory = cluster?.directory ?? ''
  const words = ['cluster', 'destroy', directory]
  const asks = 'Type test to go on: '
  const answers: readonly (readonly [string, number, RegExp])[] = [
    ['no\r', 8, /kv: nothing was removed\n/],
    ['\r', 8, /kv: nothing was removed\n/],
    ['\x04', 8, /kv: nothing was removed\n/],
    ['\x03', 130, /kv: interrupted\n/],
  ]
  for (const [keys, exit, says] of answers) {
    t.match(await shown(words, [{ after: asks, keys }]), { exit, text: says }, JSON.stringify(keys))
  }
  for (const [more, environment] of [
    [['--no-input'], {}],
    [['--json'], {}],
    [[], { CI: 'true' }],
  ] as const) {
    const found = await shown([...words, ...more], [], environment)
    t.match(found, { exit: 2, text: /say --yes/ }, 'never asks where nobody answers')
  }
  t.ok(existsSync(join(directory, 'cluster.json')))
})

t.test('hints for a person, and Ctrl-C', { skip }, async t => {
  const paused = await shown(['node', 'pause', 'n1'])
  t.match(paused, { exit: 0, text: 'n1: running -> paused\nundo: kv node resume n1\n' })
  t.equal((await shown(['node', 'resume', 'n1', '-q'])).text, 'n1: paused -> running\n')
  const waiting = await shown(['put', 'typed', '-'], [{ after: '', keys: 'by hand\r\x04' }])
  t.match(waiting.exit, 0)
  t.equal((await cluster?.kv(['get', 'typed']))?.text, 'by hand\n')
  const followed = await shown(
    ['cluster', 'logs', '-f', '--lines', '1'],
    [{ after: '\n', keys: '\x03' }],
  )
  t.match(followed, { exit: 0, text: /kv: stopping \(Ctrl-C again to force\)/ })
})
