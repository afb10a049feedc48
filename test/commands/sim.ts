import t from 'tap'
import { runKv } from '../helpers/cli-cluster.ts'

t.setTimeout(1_800_000)

/** Turns the other half of `#mutants` on in the process that runs `kv`. */
const withKnownBad = { NODE_OPTIONS: '--conditions=mutants' }

t.test('a sound world says what it was and ends with 0', async t => {
  const first = await runKv(['sim', '--seed', '7', '--seconds', '30'])
  t.equal(first.exit, 0, first.errors)
  t.match(first.text, /^world: .*, 30 s, 5 nodes, N=3 R=2 W=2/)
  t.match(first.text, /\nfaults: \d+ \(/)
  t.match(first.text, /\nsound: \d+ calls, \d+ succeeded/)
  const json = await runKv(['sim', '--seed', '7', '--seconds', '30', '--json'], withKnownBad)
  const document = JSON.parse(json.text)
  t.equal(document.ok, true)
  t.equal(document.seed, 7)
  t.same(document.violations, [])
  t.match(first.text, new RegExp(`\ntrace: ${document.hash}\n`), 'the same in both processes')
})

t.test('every step can be seen', async t => {
  const { text, exit } = await runKv(['sim', '--seed', '7', '--seconds', '26', '--steps'])
  t.equal(exit, 0)
  t.match(text, /seconds {2}n1/)
  t.match(text, /-> n\d store #\d+ \{c\d+\.\d+@/)
})

t.test('a violation is shown as a story of one key, and ends with 9', async t => {
  const words = ['sim', '--seed', '2', '--seconds', '30', '--known-bad', '1']
  const { text, exit } = await runKv(words, withKnownBad)
  t.equal(exit, 9)
  t.match(text, /^I13 violated on k\d+ at \d+\.\d{3} s: n\d told n\d that c\d+\.\d+ is stored/)
  t.match(text, /\n *seconds {2}n1 +n2/)
  t.match(text, /\nreplay: kv sim --seed 2 --seconds 30 --known-bad 1\n/)
  t.match(text, /\nsmaller: kv sim --seed 2 --seconds 30 --known-bad 1 --shrink\n/)
})

t.test('a violation is shrunk', async t => {
  const words = ['sim', '--seed', '2', '--seconds', '30', '--known-bad', '1', '--shrink']
  const { text, exit } = await runKv(words, withKnownBad)
  t.equal(exit, 9)
  const found = /smaller, after \d+ runs: (\d+) faults of \d+, (\d+) operations of \d+/.exec(text)
  t.ok(Number(found?.[1]) <= 1, text.slice(0, 200))
  t.ok(Number(found?.[2]) <= 5)
})

t.test('what is shipped has no known-bad version', async t => {
  const { exit, errors } = await runKv(['sim', '--seed', '1', '--known-bad', '1'])
  t.equal(exit, 2)
  t.match(errors, /there is no known-bad version 1 here/)
})

t.test('stories are listed, and told', async t => {
  const listed = await runKv(['sim', '--stories'])
  t.equal(listed.exit, 0, listed.errors)
  t.match(listed.text, /^handoff +a write for a node that is down/)
  const { stories } = JSON.parse((await runKv(['sim', '--stories', '--json'])).text)
  t.equal(listed.text.trim().split('\n').length, stories.length)
  const told = await runKv(['sim', '--story', 'reconcile'])
  t.equal(told.exit, 0, told.errors)
  t.match(told.text, /^reconcile: .*\n\nNodes A to E\..*\n.*\n\n 1\. Alice, having seen nothing/)
  const { name, lines } = JSON.parse((await runKv(['sim', '--story', 'reconcile', '--json'])).text)
  t.equal(name, 'reconcile')
  t.equal(`${lines.join('\n')}\n`, told.text)
})

t.test('one world or one story, and one that there is', async t => {
  const mistyped = await runKv(['sim', '--story', 'handof'])
  t.match(mistyped, { exit: 2, text: '', errors: /no story handof\n.*kv sim --story handoff/ })
  t.equal((await runKv(['sim'])).exit, 2)
  t.equal((await runKv(['sim', '--story', 'strict', '--seed', '7'])).exit, 2)
  t.equal((await runKv(['sim', '--story', 'strict', '--nodes', '7'])).exit, 2)
})
