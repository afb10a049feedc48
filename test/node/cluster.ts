import t from 'tap'
import { NodeCluster } from '../helpers/node-processes.ts'

t.test('three nodes: what one takes every other one shows, also after a kill -9', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 3)
  t.teardown(() => cluster.end())
  await cluster.startAll()
  const [n1, n2, n3] = await Promise.all(['n1', 'n2', 'n3'].map(name => cluster.client(name)))
  for (const [i, client] of [n1!, n2!, n3!].entries()) {
    const reply = await client.put(`key ${i}`, `value ${i}`)
    t.match(reply, { type: 'wrote', outcome: { needed: 2 } })
  }
  for (const client of [n1!, n2!, n3!]) {
    for (let i = 0; i < 3; i++) t.same(await client.values(`key ${i}`), [`value ${i}`])
  }
  t.same(await n2!.values('nothing here'), [])

  t.equal(await cluster.kill('n3', 'SIGKILL'), 'SIGKILL')
  t.match(await n1!.put('while n3 is down', 'x'), { type: 'wrote' })
  t.same(await n2!.values('while n3 is down'), ['x'])
  t.same(await n2!.values('key 2'), ['value 2'])

  await cluster.start('n3')
  await cluster.untilConnected('n3')
  const again = await cluster.client('n3')
  for (let i = 0; i < 3; i++) t.same(await again.values(`key ${i}`), [`value ${i}`])
  t.same(await again.values('while n3 is down'), ['x'])

  t.equal(await cluster.kill('n1', 'SIGTERM'), 0, 'a clean stop is exit 0')
  t.match(cluster.logLines('n1').at(-1), { event: 'stopped' })
  await Promise.all([n1!.close(), n2!.close(), again.close()])
})
