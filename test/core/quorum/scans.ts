import t from 'tap'
import { contextOf, TestCluster } from '../../helpers/replicas.ts'

t.test('pages of keys hold every live key once, in token order', async t => {
  const cluster = new TestCluster(5)
  const put = new Set<string>()
  for (let i = 0; i < 200; i++) {
    put.add(`key ${i}`)
    cluster.call('n1', cluster.put(`key ${i}`, 'v'))
  }
  const gone = contextOf(cluster.call('n1', cluster.get('key 7')))
  cluster.call('n1', cluster.put('key 7', undefined, { context: gone }))
  put.delete('key 7')
  const seen: string[] = []
  let after: string | undefined = ''
  for (let pages = 0; after !== undefined && pages < 100; pages++) {
    const { epoch } = cluster
    const page = cluster.call('n2', {
      type: 'scan',
      id: 3,
      epoch,
      timeLeft: 5000,
      prefix: '',
      after,
      limit: 17,
    })
    if (page?.type !== 'page') throw new Error(JSON.stringify(page))
    seen.push(...page.keys)
    after = page.cursor
  }
  t.equal(seen.length, put.size)
  t.same(new Set(seen), put)
})
