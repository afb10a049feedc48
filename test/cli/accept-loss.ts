import t from 'tap'
import { acceptLoss, acceptLossLines, lostNode, typedLoss } from '../../src/cli/accept-loss.ts'
import { refusal } from '../../src/client/errors.js'
import type { Client } from '../../src/client/index.ts'
import type { NodeId } from '../../src/core/ids.ts'

const [n1, n2, n3] = ['n1', 'n2', 'n3'] as [NodeId, NodeId, NodeId]
const members = [n1, n2, n3]

/** Partitions of each node that wait for n3; undefined: silence. */
function clientOf(waits: Readonly<Record<string, number | undefined>>) {
  const asked: string[] = []
  const client: Pick<Client, 'wholeness'> = {
    wholeness: async (node, { acceptLoss: lost } = {}) => {
      asked.push(`${node} ${lost}`)
      const helped = waits[node]
      if (helped === undefined) throw refusal('TIMEOUT', 'silent')
      const rest = { whole: helped !== 7, unwhole: 0, waitsFor: [], helped }
      return { type: 'wholeness-is', id: 1, node: node as NodeId, ...rest }
    },
  }
  return { asked, client: client as Client }
}

t.test('every member is told, and those that waited say so', async t => {
  const { asked, client } = clientOf({ n1: 5, n2: 7, n3: 0 })
  const done = await acceptLoss(client, n3, members, 'n3\n')
  t.same(asked, ['n1 n3', 'n2 n3', 'n3 n3'])
  const helped = [
    { node: 'n1', partitions: 5, whole: true },
    { node: 'n2', partitions: 7, whole: false },
  ]
  t.same(done, { node: 'n3', helped, silent: [] })
  t.same(acceptLossLines(done), [
    'n1 waits for n3 no more in 5 partitions: it is whole now',
    'n2 waits for n3 no more in 7 partitions: it is whole once it is equal with the others',
  ])
})

t.test('its name is typed, and it is a member', async t => {
  const { asked, client } = clientOf({ n1: 5 })
  await t.rejects(acceptLoss(client, n3, members, 'n2'), { code: 'ABORTED' })
  t.throws(() => lostNode('n9', members), { code: 'UNKNOWN_NODE' })
  t.equal(lostNode('n3', members), n3)
  const asking = { signal: new AbortController().signal, interactive: false }
  await t.rejects(typedLoss(n3, asking), { code: 'USAGE', message: /say --yes/ })
  t.same(asked, [])
})

t.test('who is silent is named; where all are, it fails', async t => {
  const done = await acceptLoss(clientOf({ n1: 0, n2: 0 }).client, n3, members, 'n3')
  t.same(acceptLossLines(done), ['nobody waits for n3', 'n3 does not answer, and was not asked'])
  await t.rejects(acceptLoss(clientOf({}).client, n3, members, 'n3'), { code: 'UNREACHABLE' })
})
