/** The loop of a real node, where only a real process shows it. */
import t from 'tap'
import { NodeCluster } from '../helpers/node-processes.ts'

t.setTimeout(120_000)

t.test('a node that was stopped does nothing of what was asked meanwhile', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 1)
  t.teardown(() => cluster.end())
  const { child } = await cluster.start('n1')
  const asleep = await cluster.client('n1')
  t.match(await asleep.put('before', 'v'), { type: 'wrote' })
  child.kill('SIGSTOP')
  const stale = asleep.put('meanwhile', 'v').catch(() => 'hung up')
  await new Promise(resolve => setTimeout(resolve, 4000))
  child.kill('SIGCONT')
  t.equal(await stale, 'hung up')
  const awake = await cluster.client('n1')
  t.match(await awake.get('meanwhile'), { type: 'got', versions: { length: 0 } })
  t.match(await awake.get('before'), { type: 'got', versions: { length: 1 } })
})
