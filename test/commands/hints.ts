/** `kv hints` against nodes that keep what a test says. */
import t from 'tap'
import { fakeCli } from '../helpers/fake-cli.ts'
import { hintsAre, type Kept } from '../helpers/hints.ts'
import { onTerminal, whyNoTerminal } from '../helpers/pseudo-terminal.ts'

t.setTimeout(300_000)
const { cluster, kv, json, directory } = await fakeCli(t, ['n1', 'n2', 'n3', 'n4'])
const now = Date.now()

/** What each node keeps from now on; a drain takes so many of what is for its node. */
function keeping(start: Readonly<Record<string, Kept>>, drainedAtOnce = 0): void {
  const taken = new Map<string, number>()
  cluster.log.length = 0
  cluster.behaviour = (request, name) => {
    if (request.type !== 'hints') return 'usual'
    const left: Kept = Object.fromEntries(
      Object.entries(start[name] ?? {}).map(([owner, [hints, ...rest]]) => {
        return [owner, [Math.max(0, hints - (taken.get(`${name} ${owner}`) ?? 0)), ...rest]]
      }),
    )
    const drained = `${name} ${request.drain}`
    taken.set(drained, (taken.get(drained) ?? 0) + drainedAtOnce)
    return hintsAre(name, left, request.id)
  }
}

const drains = () => {
  const asked = cluster.log.filter(({ request }) => request.type === 'hints')
  return asked.map(({ name, request }) => `${name} ${Reflect.get(request, 'drain')}`)
}

t.test('a table, or one line', async t => {
  t.match(await kv(['hints']), { exit: 0, text: 'no hints\n', errors: '' })
  keeping({ n1: { n2: [3, 1500, now - 5000] }, n4: { n2: [1, 10, now - 7_500_000, 9] } })
  const ran = await kv(['hints'])
  t.match(ran, {
    exit: 0,
    errors: /^kv: warning: n4 keeps 1 hint for n2, the oldest for 2h 05m\n$/,
  })
  t.match(ran.text, /^HOLDER {2}FOR .*\nn1 {6}n2 {7}3 {2}1\.5 KB .*\nn4 .*\nn1 holds 1\.5 KB of/)
  t.same(
    drains().sort(),
    ['n1', 'n2', 'n3', 'n4'].map(name => `${name} undefined`),
  )
  t.match(await json(['hints']), {
    cluster: 'demo',
    held: 4,
    hints: [{ holder: 'n1', for: 'n2', hints: 3, bytes: 1500, handedOver: 0 }, {}],
    nodes: [{ node: 'n1', hints: 3, bytesMax: 51_200_000_000 }, {}, {}, {}],
    unreached: [],
    warnings: [/^n4 keeps 1 hint/],
  })
})

t.test('--drain: every holder, until none is left', async t => {
  keeping({ n1: { n2: [30] }, n4: { n2: [5] }, n3: { n1: [7] } }, 10)
  t.match(await kv(['hints', '--drain', 'n2']), {
    exit: 0,
    text: /^n2: 35 hints handed over in .*s\n$/,
    errors: '',
  })
  t.same([...new Set(drains())].sort(), ['n1 n2', 'n3 n2', 'n4 n2'], 'not n2 itself')
  t.match(await kv(['hints', '--drain', 'n2']), { exit: 0, text: 'no hints for n2\n', errors: '' })
  keeping({ n1: { n2: [30] } }, 10)
  t.match(await json(['hints', '--drain', 'n2']), {
    cluster: 'demo',
    drained: { node: 'n2', hints: 30, ms: Number },
    unreached: [],
  })
})

t.test('--drain: what is refused, and what is not done in time', async t => {
  keeping({ n1: { n2: [30] } }, 0)
  t.match(await kv(['hints', '--drain', 'n9']), {
    exit: 3,
    text: '',
    errors: /^kv: there is no node n9; the cluster has n1, n2, n3, n4\n/,
  })
  t.match(await kv(['hints', '--drain', 'n2', '--timeout', '700ms']), {
    exit: 7,
    text: '',
    errors: /^kv: 30 hints for n2 are left after 700ms\n {2}try: kv hints\n/,
  })
  t.match(await kv(['hints', 'n2']), { exit: 2, errors: /kv hints takes no argument: n2/ })
})

t.test('nodes that are away', async t => {
  keeping({ n1: { n2: [4, 4, now] } }, 2)
  await cluster.stopNode('n4')
  t.match(await kv(['hints']), { exit: 0, text: /^HOLDER/, errors: 'n4 does not answer\n' })
  t.match(await json(['hints']), { held: 4, unreached: ['n4'] })
  t.match(await kv(['hints', '--drain', 'n2']), {
    exit: 0,
    text: /^n2: 4 hints handed over/,
    errors: 'kv: warning: n4 does not answer: what it keeps is unknown\n',
  })
  t.match(await kv(['hints', '--drain', 'n4']), {
    exit: 4,
    text: '',
    errors: /^kv: n4 is not up: what is kept for it waits until it is\n {2}try: kv node start n4\n/,
  })
  t.equal(drains().filter(line => line.endsWith(' n4')).length, 0, 'nobody is asked to try')
  await cluster.startNode('n4')
})

const skip = whyNoTerminal()
t.test('a terminal sees how far it is', { skip }, async t => {
  keeping({ n1: { n2: [30] } }, 10)
  const { exit, text } = await onTerminal(['hints', '--drain', 'n2'], { KV_CLUSTER: directory }, [])
  t.equal(exit, 0)
  t.match(text, /handing over to n2 {2}█+░+ 10\/30/)
  t.match(text, /n2: 30 hints handed over in .*s\r\n$/)
})
