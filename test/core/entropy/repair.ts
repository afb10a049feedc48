import fc from 'fast-check'
import t from 'tap'
import type { RepairRequest } from '../../../src/core/entropy/repair-message.ts'
import { partitionsIn } from '../../../src/core/entropy/scope.ts'
import { partitionOf, tokenOf } from '../../../src/core/hash.ts'
import type { Instant, Key, NodeId, Token } from '../../../src/core/ids.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import {
  calmCluster,
  everything,
  progressOf,
  putWithout,
  repair,
  sumOf,
  wholeRing,
} from '../../helpers/repairs.ts'
import { live } from '../../helpers/replicas.ts'

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const token = (key: string) => tokenOf(nodeHash, key as Key)
const tokenAt = (top: number) => (String.fromCharCode(top) + '\x00'.repeat(7)) as Token
const before = (top: number) => (String.fromCharCode(top - 1) + '\xff'.repeat(7)) as Token

t.test('each key that differs is counted once, and moves to whoever lacks it', async t => {
  const cluster = calmCluster(5)
  putWithout(cluster, names('equal', 60), [])
  putWithout(cluster, names('missed by one', 80), ['n3'])
  putWithout(cluster, names('missed by two', 50), ['n4', 'n5'])
  live(cluster, 10_000)
  const lacked = (keys: string[], deaf: string[]) =>
    keys.map(key => cluster.primaries(key).filter(node => deaf.includes(node)).length)
  const lacks = [
    ...lacked(names('missed by one', 80), ['n3']),
    ...lacked(names('missed by two', 50), ['n4', 'n5']),
  ]
  const all = repair(cluster)
  t.equal(sumOf(all, 'keys'), lacks.filter(count => count > 0).length)
  t.equal(
    sumOf(all, 'copies'),
    lacks.reduce((sum, one) => sum + one, 0),
  )
  t.equal(
    all.reduce((sum, one) => sum + one.partitions, 0),
    16,
  )
  for (const one of all) t.same([one.done, one.unproved], [one.partitions, []])
  const got = new Map<string, number>()
  for (const one of all) {
    for (const [node, copies] of one.perNode) got.set(node, (got.get(node) ?? 0) + copies)
  }
  t.same([...got.keys()].sort(), ['n3', 'n4', 'n5'])
  for (const key of [...names('missed by one', 80), ...names('missed by two', 50)]) {
    for (const node of cluster.primaries(key)) {
      const { disk } = cluster.node(node)
      t.ok(disk.has(`\x10${token(key)}${key}` as never), `${node} holds ${key}`)
    }
  }
  t.equal(sumOf(repair(cluster), 'keys'), 0)
})

t.test('a range repairs what is in it and nothing else', async t => {
  const cluster = calmCluster(3)
  const keys = names('k', 200)
  putWithout(cluster, keys, ['n2'])
  live(cluster, 10_000)
  // A quarter, to the partition; then a piece that begins and ends within partitions.
  const pieces = [
    { first: tokenAt(0x40), last: before(0x80) },
    { first: tokenAt(0x93), last: before(0xb7) },
  ]
  for (const piece of pieces) {
    const inside = keys.filter(key => piece.first <= token(key) && token(key) <= piece.last)
    t.ok(inside.length > 15)
    t.equal(sumOf(repair(cluster, { ranges: [piece] }), 'keys'), inside.length)
    t.equal(sumOf(repair(cluster, { ranges: [piece] }), 'keys'), 0)
  }
  const [first] = keys.filter(key => token(key) > tokenAt(0xc0))
  const one = { first: token(first!), last: token(first!) }
  t.equal(sumOf(repair(cluster, { ranges: [one] }), 'keys'), 1)
  t.ok(cluster.node('n2').disk.has(`\x10${token(first!)}${first}` as never))
  const left = sumOf(repair(cluster), 'keys')
  const done = keys.filter(key =>
    [...pieces, one].some(({ first, last }) => first <= token(key) && token(key) <= last),
  )
  t.equal(left, keys.length - done.length)
})

t.test('one node: it compares what it owns with all other owners', async t => {
  const cluster = calmCluster(5)
  putWithout(cluster, names('a', 60), ['n2'])
  putWithout(cluster, names('b', 60), ['n4'])
  live(cluster, 10_000)
  const lacks = (keys: string[], node: string) =>
    keys.filter(key => cluster.primaries(key).includes(node))
  const all = repair(cluster, { node: 'n2' as NodeId })
  t.same(
    all.map(({ partitions }) => partitions > 0),
    [false, true, false, false, false],
  )
  const both = lacks(names('b', 60), 'n4').filter(key => cluster.primaries(key).includes('n2'))
  t.equal(sumOf(all, 'keys'), lacks(names('a', 60), 'n2').length + both.length)
})

t.test('check and preview write nothing, and say what a repair would move', async t => {
  const cluster = calmCluster(5)
  putWithout(cluster, names('x', 70), ['n3'])
  putWithout(cluster, names('y', 40), ['n1', 'n5'])
  live(cluster, 10_000)
  const rows = () => cluster.nodes.map(({ objects }) => objects)
  const held = rows()
  const check = repair(cluster, { way: 'check' })
  const preview = repair(cluster, { way: 'preview' })
  t.same(rows(), held)
  const moves = preview.flatMap(one => one.moves)
  t.equal(moves.length, sumOf(preview, 'copies'))
  t.ok(moves.every(({ from, to, bytes }) => from !== to && bytes > 20))
  t.same(
    check.flatMap(one => one.moves),
    [],
  )
  const done = repair(cluster)
  for (const field of ['keys', 'copies', 'bytes'] as const) {
    t.equal(sumOf(check, field), sumOf(done, field), field)
    t.equal(sumOf(preview, field), sumOf(done, field), field)
  }
  t.equal(sumOf(repair(cluster, { way: 'check' }), 'keys'), 0)
})

t.test('who does not answer is left out, and it is said', async t => {
  const cluster = calmCluster(3)
  putWithout(cluster, names('k', 30), ['n2'])
  live(cluster, 10_000)
  cluster.node('n1').halted = true
  for (const node of ['n2', 'n3']) {
    cluster.node(node).step({ type: 'disconnected', node: 'n1' as NodeId })
  }
  const all = repair(cluster, { silent: ['n1' as NodeId] })
  t.equal(sumOf(all, 'keys'), 30)
  const unproved = all.flatMap(one => one.unproved)
  t.same([...new Set(unproved.map(({ node, why }) => `${node} ${why}`))], ['n1 silent'])
  t.equal(
    unproved.reduce((sum, { partitions }) => sum + partitions, 0),
    16,
  )
  // Nobody told them, and it never comes: they give up in the end.
  const late = repair(cluster, { node: 'n2' as NodeId })
  t.same(
    late.flatMap(one => one.unproved),
    [{ by: 'n2', node: 'n1', partitions: 16, why: 'silent' }],
  )
})

t.test('one at a time; what ran last is known, and proves what it compared', async t => {
  const cluster = calmCluster(3)
  putWithout(cluster, names('k', 30), ['n2'])
  live(cluster, 10_000)
  const begin = {
    way: 'repair',
    ranges: [wholeRing],
    node: undefined,
    silent: [],
    concurrency: 1,
    keysPerSecond: 2,
    bytesPerSecond: undefined,
  } as const
  const ask = (job: string) =>
    cluster.call('n1', { type: 'repair', id: 5, job, begin, cancel: false, movesFrom: 0 })
  t.match(ask('r-1'), { type: 'repair-is', progress: { job: 'r-1', running: true, done: 0 } })
  t.match(ask('r-2'), { progress: { job: 'r-1', running: true } })
  live(cluster, 2500, undefined, 20)
  const slow = progressOf(cluster, 'n1')
  t.ok(slow.running && slow.keys < 10, `two keys a second: ${slow.keys}`)
  t.match(
    cluster.call('n1', {
      type: 'repair',
      id: 5,
      job: 'r-2',
      begin: undefined,
      cancel: false,
      movesFrom: 0,
    }),
    {
      progress: undefined,
    },
  )
  live(cluster, 30_000, undefined, 20)
  t.match(progressOf(cluster, 'n1', 'r-1'), { running: false, ms: Number })
  t.match(ask('r-1'), { progress: { running: false } }, 'not begun again')
  const status = cluster.call('n1', { type: 'exchange', id: 1, pause: undefined })
  if (status?.type !== 'exchange-is') throw new Error('no answer')
  const partitions = partitionsIn([wholeRing], 4)
  t.equal(partitions.length, 16)
  const seen = status.runs.filter(run => run.equalAt > 0)
  const owned = seen.reduce((sum, run) => sum + run.partitions, 0)
  t.ok(owned > 0)
  t.equal(partitionOf(token('k1'), 16) < 16, true)
})

t.test('a repair that is cancelled moves nothing more, and makes room for another', async t => {
  const cluster = calmCluster(3)
  putWithout(cluster, names('k', 120), ['n2'])
  live(cluster, 10_000)
  const ask = (job: string, more: Partial<RepairRequest>) =>
    cluster.call('n1', {
      type: 'repair',
      id: 5,
      job,
      begin: undefined,
      cancel: false,
      movesFrom: 0,
      ...more,
    })
  const begin = {
    way: 'repair',
    ranges: [wholeRing],
    node: 'n1' as NodeId,
    silent: [],
    concurrency: 8,
    keysPerSecond: 10,
    bytesPerSecond: undefined,
  } as const
  let moved = 0
  for (const way of ['repair', 'scrub'] as const) {
    ask(way, { begin: { ...begin, way } })
    live(cluster, 2000, undefined, 20)
    t.match(ask('other', { cancel: true }), { progress: undefined }, 'another is none of it')
    t.match(ask(way, {}), { progress: { running: true } })
    const ended = ask(way, { cancel: true })
    if (ended?.type !== 'repair-is' || ended.progress === undefined) throw new Error('no answer')
    const { running, done, keys, rows } = ended.progress
    moved += keys
    t.notOk(running)
    t.ok(done < 16 && keys + rows < 120)
    const held = cluster.nodes.map(({ objects }) => objects)
    live(cluster, 20_000, undefined, 20)
    t.match(ask(way, {}), { progress: { running: false, done, keys, rows } })
    t.same(
      cluster.nodes.map(({ objects }) => objects),
      held,
    )
  }
  t.equal(moved + sumOf(repair(cluster), 'keys'), 120)
  t.same(
    cluster.nodes.map(({ objects }) => objects),
    [120, 120, 120],
  )
})

t.test(
  'whatever is lost and whoever is started anew meanwhile, the next one ends equal',
  async () => {
    const step = fc.record({
      node: fc.constantFrom('n1', 'n2', 'n3', 'n4'),
      what: fc.constantFrom('restart', 'cut', 'put', 'scrub', 'repair', 'nothing' as const),
      lossy: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 12 }), fc.nat(), (steps, seed) => {
        const cluster = calmCluster(4)
        putWithout(cluster, names('a', 12), ['n2'])
        putWithout(cluster, names('b', 12), ['n3', 'n4'])
        live(cluster, 8000)
        let drawn = seed
        const isLost = () => {
          drawn = (drawn * 48_271 + 11) % 2_147_483_647
          return drawn % 5 === 0
        }
        for (const [i, { node, what, lossy }] of steps.entries()) {
          const job = { ...everything, way: what === 'scrub' ? 'scrub' : 'repair' } as const
          if (what === 'repair' || what === 'scrub') {
            for (const { id } of cluster.nodes) {
              const begin = { ...job, concurrency: 1 + (i % 3) }
              const asked = { type: 'repair', id: 5, job: `r-${i}`, begin } as const
              cluster.ask(id, { ...asked, cancel: false, movesFrom: 0 })
            }
          } else if (what === 'put') cluster.ask(node, cluster.put(`c${i}`, 'value', { w: 1 }))
          else if (what !== 'nothing') {
            for (const { id } of cluster.nodes) {
              if (id !== node) cluster.node(id).step({ type: 'disconnected', node: node as NodeId })
            }
            if (what === 'restart') cluster.node(node).restart()
            for (const { id } of cluster.nodes) {
              if (id === node) continue
              cluster.node(id).step({ type: 'connected', node: node as NodeId })
              cluster.node(node).step({ type: 'connected', node: id })
            }
            cluster.call(node, { type: 'exchange', id: 1, pause: true })
          }
          for (let passed = 0; passed < 600; passed += 20) {
            cluster.now = (cluster.now + 20) as Instant
            cluster.wall += 20
            for (const one of cluster.nodes) one.step({ type: 'tick', wall: cluster.wall })
            cluster.settle(() => !lossy || !isLost())
          }
        }
        live(cluster, 30_000, undefined, 100)
        for (const { id } of cluster.nodes) {
          const cancel = { type: 'repair', id: 5, job: '', begin: undefined } as const
          cluster.call(id, { ...cancel, cancel: true, movesFrom: 0 })
        }
        repair(cluster, {}, 60_000, 'r-last')
        const verified = repair(cluster, { way: 'verify' }, 60_000, 'r-verify')
        const check = repair(cluster, { way: 'check' }, 60_000, 'r-check')
        const isSound = verified.every(one => one.damaged + one.drifted === 0)
        return (
          isSound && sumOf(check, 'keys') === 0 && check.every(one => one.unproved.length === 0)
        )
      }),
      { numRuns: 15 },
    )
  },
)
