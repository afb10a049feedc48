/** `kv repair` against nodes that answer what a test says. */
import t from 'tap'
import type { ExchangeReply } from '../../src/core/entropy/exchange-status.ts'
import type { NodeId } from '../../src/core/ids.ts'
import { fakeCli } from '../helpers/fake-cli.ts'

t.setTimeout(300_000)
const { cluster, kv, json } = await fakeCli(t, ['n1', 'n2', 'n3'])

t.test('status: a table, and one document', async t => {
  const repairs = { last: 2, most: 5, times: 2, total: 7 }
  cluster.behaviour = (request, name) => {
    if (request.type !== 'exchange') return 'usual'
    const pairs = ['n2', 'n3']
      .filter(peer => peer > name)
      .map(peer => ({
        peer: peer as NodeId,
        shared: 256,
        equalAt: Date.now() - 8000,
        repairs,
        running: undefined,
        failures: 0,
      }))
    const told = { paused: name === 'n3', ready: true, pairs, runs: [], left: 0 }
    const node = name as NodeId
    return { type: 'exchange-is', id: request.id, node, ...told } satisfies ExchangeReply
  }
  const ran = await kv(['repair', 'status'])
  t.match(ran, { exit: 0, errors: 'paused on n3: kv repair resume\n' })
  t.match(
    ran.text,
    /^PAIR {3}PARTITIONS .*\nn1 n2 +256 +8\.\ds ago +2 +4 +5 +7 +–\nn1 n3 .*\nn2 n3 /,
  )
  t.match(await json(['repair', 'status']), {
    cluster: 'demo',
    paused: ['n3'],
    pairs: [{ nodes: ['n1', 'n2'], repairs: { last: 2, mean: 4, max: 5, total: 7 } }, {}, {}],
    unreached: [],
  })
})

t.test('pause and resume: every member, or one', async t => {
  cluster.behaviour = () => 'usual'
  cluster.log.length = 0
  const asked = () =>
    cluster.log.flatMap(({ name, request }) =>
      request.type === 'exchange' ? [`${name} ${request.pause}`] : [],
    )
  const all = 'n1: paused\nn2: paused\nn3: paused\n'
  t.match(await kv(['repair', 'pause']), { exit: 0, text: all, errors: '' })
  t.same(asked().sort(), ['n1 true', 'n2 true', 'n3 true'])
  t.match(await json(['repair', 'resume', '--node', 'n2']), {
    cluster: 'demo',
    nodes: [{ node: 'n2', paused: false }],
    unreached: [],
  })
  t.same(asked().slice(3), ['n2 false'])
  t.match(await kv(['repair', 'pause', '--node', 'n9']), {
    exit: 3,
    text: '',
    errors: /^kv: there is no node n9; the cluster has n1, n2, n3\n/,
  })
})

t.test('members that are away', async t => {
  await cluster.stopNode('n3')
  t.match(await kv(['repair', 'pause']), {
    exit: 0,
    text: 'n1: paused\nn2: paused\n',
    errors: 'kv: warning: n3 does not answer: it goes on as it was\n',
  })
  t.match(await kv(['repair', 'resume', '--node', 'n3']), {
    exit: 4,
    text: '',
    errors: /^kv: n3: no answer\n {2}try: kv cluster status\n/,
  })
  t.match(await kv(['repair', 'status']), { exit: 0, errors: 'n3 does not answer\n' })
  await cluster.startNode('n3')
})
