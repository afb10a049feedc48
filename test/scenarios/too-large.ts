/**
 * A key whose versions are together too large for a frame: it stops nothing else, is named, and
 * is never taken for equal.
 */
import t from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import { others, type scenarios, torn, wipe } from '../helpers/large-keys.ts'
import { endsOtherwise, type Play } from '../helpers/plays.ts'
import { codeOf, live, type TestCluster, valuesOf } from '../helpers/replicas.ts'

const plays: readonly Play<keyof typeof scenarios>[] = [['refill', 711, '40 rows', '0 rows']]

t.test('others go past it, and otherwise with a known-bad version', t =>
  endsOtherwise(t, ['large-keys'], plays),
)

t.test('a wiped node is refilled but for it, and whole but for its partition', async t => {
  const cluster = torn()
  live(cluster, 20_000)
  const key = cluster.call('n1', cluster.get('large'))
  t.equal(codeOf(key), 'TOO_LARGE')
  const n3 = cluster.node('n3')
  wipe(cluster, 'n3' as NodeId)
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
  const ends = repaired(cluster, 'repair')
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

t.test('with few keys, too, only its partition waits, and repair compares all', async t => {
  // Fewer keys than partitions: what a comparison lists together is many partitions.
  const cluster = torn(256)
  live(cluster, 20_000)
  wipe(cluster, 'n3' as NodeId)
  live(cluster, 60_000)
  const { wholeness } = cluster.node('n3').replica.observe()
  t.match(wholeness, { whole: false, unwhole: 1, waitsFor: ['n1', 'n2'] })
  t.equal(others(cluster, 'n3'), 40)
  for (const way of ['preview', 'repair'] as const) {
    const ends = repaired(cluster, way)
    t.same(
      ends.map(end => end?.running),
      [false, false, false],
      way,
    )
    t.same(
      ends.flatMap(end => end?.tooLarge.map(({ key }) => key) ?? []),
      ['large'],
      way,
    )
    const left = ends.flatMap(end => end?.unproved.map(({ why }) => why) ?? [])
    t.same([...new Set(left)], way === 'repair' ? ['too-large'] : [], way)
  }
})

/** How a repair of everything ends on each node. */
function repaired(cluster: TestCluster, way: 'repair' | 'preview') {
  const begin = {
    way,
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
      job: way,
      begin,
      cancel: false,
      movesFrom: 0,
    } as never)
  }
  live(cluster, 60_000)
  return cluster.nodes.map(({ id }) => {
    const ask = { type: 'repair', id: 2, job: way, begin: undefined, cancel: false, movesFrom: 0 }
    const reply = cluster.call(id, ask as never)
    return reply?.type === 'repair-is' ? reply.progress : undefined
  })
}
