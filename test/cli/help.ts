import t from 'tap'
import { runKv } from '../helpers/cli-cluster.ts'

t.test('help of a command that does not exist is one line, the nearest named', async t => {
  const runs: readonly (readonly [readonly string[], number, string])[] = [
    [['help', 'nonsense'], 127, 'unknown command "kv nonsense". kv --help lists them.'],
    [['help', 'gt'], 127, 'unknown command "kv gt". Did you mean "kv get"?'],
    [
      ['help', 'cluster', 'upp'],
      127,
      'unknown command "kv cluster upp". Did you mean "kv cluster up"?',
    ],
    [
      ['clster', 'up', '--help'],
      127,
      'unknown command "kv clster up". Did you mean "kv cluster up"?',
    ],
    [['help', 'x\x1b[2J'], 127, 'unknown command "kv x\\e[2J". kv --help lists them.'],
  ]
  for (const [words, exit, line] of runs) {
    t.match(await runKv(words), { exit, text: '', errors: `kv: ${line}\n` }, words.join(' '))
  }
  const { exit, text, errors } = await runKv(['help', 'nonsense', '--json'])
  t.same([exit, errors], [127, ''])
  t.match(JSON.parse(text), { error: { code: 'USAGE', exit: 127, message: /kv nonsense/ } })
})

t.test('help of one that exists is its help, and of a topic its list', async t => {
  for (const [words, says] of [
    [['help', 'put'], /\$ kv put KEY \[VALUE\]/],
    [['help', 'cluster', 'up'], /\$ kv cluster up \[NAME\]/],
    [['help', 'cluster'], /cluster status/],
    [['help'], /COMMANDS/],
  ] as const) {
    t.match(await runKv(words), { exit: 0, text: says, errors: '' }, words.join(' '))
  }
})
