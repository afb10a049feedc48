/**
 * A key whose versions are together too large for a frame: it stops nothing else, is named, and
 * is never taken for equal.
 */
import t from 'tap'
import { codeOf, live, TestCluster, valuesOf } from '../helpers/replicas.ts'

const large = 'v'.repeat(5000)

/** Three sides of a split write to one key, each more than a frame holds. */
function torn() {
  const cluster = new TestCluster(3, { fallbacks: 0 })
  cluster.frameBytes = 16_384
  for (const node of cluster.nodes) node.restart()
  for (const node of cluster.nodes) {
    for (const { id } of cluster.nodes)
      if (id !== node.id) node.step({ type: 'connected', node: id })
  }
  live(cluster, 3000)
  for (let i = 0; i < 40; i++) cluster.call('n1', cluster.put(`key-${i}`, `${i}`))
  live(cluster, 11_000)
  for (const { id } of cluster.nodes) {
    for (let i = 0; i < 4; i++) {
      cluster.ask(id, cluster.put('large', large + id, { w: 1 }))
      for (const node of cluster.nodes) node.flush()
      cluster.letters.splice(0)
    }
  }
  return cluster
}

/** How many of the other keys a node holds. */
function others(cluster: TestCluster, at: string): number {
  let held = 0
  for (let i = 0; i < 40; i++) {
    const reply = cluster.call(at, cluster.get(`key-${i}`, 1))
    if (valuesOf(reply)[0] === `${i}`) held++
  }
  return held
}

t.test('a wiped node is refilled but for it, and whole but for its partition', async t => {
  const cluster = torn()
  live(cluster, 20_000)
  const key = cluster.call('n1', cluster.get('large'))
  t.equal(codeOf(key), 'TOO_LARGE')
  const n3 = cluster.node('n3')
  n3.notes.length = 0
  n3.wipe()
  for (const { id } of cluster.nodes) {
    if (id === 'n3') continue
    n3.step({ type: 'connected', node: id })
    cluster.node(id).step({ type: 'disconnected', node: 'n3' as never })
    cluster.node(id).step({ type: 'connected', node: 'n3' as never })
  }
  live(cluster, 40_000)
  const { wholeness, exchange, tooLarge } = n3.replica.observe()
  t.ok(n3.objects >= 40, `${n3.objects} rows`)
  t.equal(others(cluster, 'n3'), 40)
  t.match(wholeness, { whole: false, unwhole: 1, waitsFor: ['n1', 'n2'] })
  t.ok(exchange.repaired >= 40)
  t.equal(tooLarge, 1)
  const told = n3.notes.filter(note => 'note' in note && note.note.event === 'key-too-large')
  t.match(told, [{ note: { detail: { key: 'large' } } }])
  t.equal(told.length, 1)
  t.match(cluster.call('n3', cluster.get('large', 1, { strict: true })), {
    failure: { code: 'TOO_LARGE' },
  })
})

t.test('comparing goes past it, and says that its partition differs', async t => {
  const cluster = torn()
  live(cluster, 20_000)
  const before = cluster.node('n1').replica.observe().exchange.passes
  cluster.ask('n1', cluster.put('later', 'v', { w: 1 }))
  cluster.node('n1').flush()
  cluster.letters.splice(0)
  live(cluster, 60_000)
  for (const { id } of cluster.nodes) {
    t.same(valuesOf(cluster.call(id, cluster.get('later', 1))), ['v'], id)
  }
  const status = cluster.call('n1', { type: 'exchange', id: 1, pause: undefined })
  if (status?.type !== 'exchange-is') throw new Error('no status')
  t.match(
    status.pairs.map(({ failures }) => failures),
    [0, 0],
  )
  t.ok(cluster.node('n1').replica.observe().exchange.passes >= before)
  t.ok(
    status.runs.some(({ equalAt }) => equalAt < cluster.wall - 60_000),
    'one is not equal',
  )
})

t.test('repair goes past it, names it, and says that a partition differs', async t => {
  const cluster = torn()
  live(cluster, 20_000)
  const begin = {
    way: 'repair',
    ranges: [{ first: '\0'.repeat(8), last: '\xff'.repeat(8) }],
    node: undefined,
    silent: [],
    concurrency: 4,
    keysPerSecond: undefined,
    bytesPerSecond: undefined,
  } as const
  for (const { id } of cluster.nodes) {
    cluster.call(id, {
      type: 'repair',
      id: 1,
      job: 'r',
      begin,
      cancel: false,
      movesFrom: 0,
    } as never)
  }
  live(cluster, 60_000)
  const ends = cluster.nodes.map(({ id }) => {
    const ask = { type: 'repair', id: 2, job: 'r', begin: undefined, cancel: false, movesFrom: 0 }
    const reply = cluster.call(id, ask as never)
    return reply?.type === 'repair-is' ? reply.progress : undefined
  })
  t.same(
    ends.map(end => end?.running),
    [false, false, false],
  )
  t.same(
    ends.flatMap(end => end?.tooLarge.map(({ key }) => key) ?? []),
    ['large'],
  )
  t.ok(ends.some(end => end?.unproved.some(({ why }) => why === 'too-large')))
})
