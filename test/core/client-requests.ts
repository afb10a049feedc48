import t from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import { codeOf, TestCluster } from '../helpers/replicas.ts'

t.test('refused before anything was done: no time left, other members', async t => {
  const cluster = new TestCluster(5)
  const key = cluster.keyAt('n1', true)
  const late = cluster.put(key, 'v', { timeLeft: 0 })
  t.match(cluster.call('n1', late), { failure: { code: 'TIMEOUT', outcome: { definite: true } } })
  const other = 'e'.repeat(16) as typeof cluster.epoch
  t.equal(codeOf(cluster.call('n1', cluster.put(key, 'v', { epoch: other }))), 'STALE_VIEW')
  t.equal(codeOf(cluster.call('n1', cluster.get(key, undefined, { epoch: other }))), 'STALE_VIEW')
  t.equal(cluster.node('n1').objects, 0)
})

t.test(
  'a put that another node forwards is coordinated by who owns the key, or stands in',
  async t => {
    const cluster = new TestCluster(7)
    const key = 'k'
    const { placement } = cluster.node('n1').replica
    const token = placement.tokenOf(key as never)
    const owner = placement.primaries(token)[0] as NodeId
    const may = [...placement.primaries(token), ...placement.fallbacks(token)]
    const nobody = cluster.members.map(({ id }) => id).find(id => !may.includes(id)) as NodeId
    const ask = (to: NodeId) => {
      const { epoch } = cluster
      const request = cluster.put(key, 'v')
      const message = { type: 'forward', id: 7, epoch, timeLeft: 1000, request } as const
      cluster.node(to).step({ type: 'message', from: may[1] as NodeId, message })
      const sent = cluster.letters.find(letter => letter.message.type === 'forwarded')
      cluster.letters.splice(0)
      return sent?.message
    }
    t.match(ask(nobody), { reply: { type: 'failed', failure: { code: 'STALE_VIEW' } } })
    t.equal(ask(owner), undefined, 'it is under way')
    t.equal(cluster.node(owner).replica.observe().coordinating, 1)
  },
)
