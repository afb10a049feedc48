/** `kv stats` against nodes that hold what a test says. */
import t from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import { fakeCli } from '../helpers/fake-cli.ts'

t.setTimeout(300_000)
const { cluster, kv, json } = await fakeCli(t, ['n1', 'n2', 'n3'])

t.test('pages are added up, a node after the other', async t => {
  cluster.behaviour = (request, name) => {
    if (request.type !== 'count') return 'usual'
    const left = { '': 'a', a: 'b', b: undefined }[request.after]
    const counted = { keys: 100, bytes: 1000, tombstones: 1, tombstoneBytes: 50, siblings: 2 }
    const node = name as NodeId
    return { type: 'counts-are', id: request.id, node, ...counted, damaged: 0, next: left }
  }
  cluster.log.length = 0
  const ran = await kv(['stats'])
  t.match(ran, { exit: 0, errors: '' })
  t.match(
    ran.text,
    /^NODE .*\nn1 +300 +3\.0 KB +3 +150 B +6 .*\nn2 .*\nn3 .*\nall +900 +9\.0 KB +9 /,
  )
  const asked = cluster.log.flatMap(({ name, request }) =>
    request.type === 'count' ? [`${name} ${request.after}`] : [],
  )
  t.same(asked, ['n1 ', 'n1 a', 'n1 b', 'n2 ', 'n2 a', 'n2 b', 'n3 ', 'n3 a', 'n3 b'])
  t.match(await json(['stats']), {
    cluster: 'demo',
    total: { keys: 900, tombstones: 9 },
    nodes: [{ node: 'n1', keys: 300, damaged: 0 }, {}, {}],
    unreached: [],
  })
})

t.test('who is away is named', async t => {
  await cluster.stopNode('n2')
  const ran = await kv(['stats'])
  t.match(ran, { exit: 0, errors: 'kv: warning: n2 does not answer\n' })
  t.notMatch(ran.text, /^n2/m)
  await cluster.startNode('n2')
})
