import t from 'tap'
import { begin, cancel, find, follow, movesOf, scrubOf } from '../../src/cli/repair.js'
import { wholeRing } from '../../src/cli/token-range.js'
import type { Client } from '../../src/client/index.ts'
import type { RepairProgress, RepairReply } from '../../src/core/entropy/repair-message.ts'
import type { Key, NodeId } from '../../src/core/ids.ts'
import { noProgress } from '../helpers/repair-progress.ts'

const members = ['n1', 'n2', 'n3'] as NodeId[]
const plan = {
  way: 'repair',
  ranges: wholeRing,
  node: undefined,
  concurrency: 4,
  keysPerSecond: undefined,
  bytesPerSecond: undefined,
} as const
const progress = (job: string, more: Partial<RepairProgress> = {}): RepairProgress => ({
  ...noProgress,
  job,
  way: 'repair',
  running: true,
  ms: 10,
  partitions: 4,
  done: 0,
  ...more,
})

type Asked = Parameters<Client['repair']>[1] & { readonly node: string }

/** Nodes that answer what a test says; one that says nothing is silent. */
function clientOf(answer: (asked: Asked) => RepairProgress | 'nothing' | 'silence') {
  const log: Asked[] = []
  const repair = async (node: string, wanted: Parameters<Client['repair']>[1]) => {
    const asked = { ...wanted, node }
    log.push(asked)
    const told = answer(asked)
    if (told === 'silence') throw Object.assign(new Error('silent'), { code: 'TIMEOUT' })
    const reply = { type: 'repair-is', id: 1, node: node as NodeId } as const
    return { ...reply, progress: told === 'nothing' ? undefined : told } satisfies RepairReply
  }
  return { client: { repair, inspect: async () => undefined } as unknown as Client, log }
}

t.test('those that answer begin under one name, and are told who does not', async t => {
  const { client, log } = clientOf(({ node, job, begin }) => {
    return node === 'n2' ? 'silence' : begin === undefined ? 'nothing' : progress(job)
  })
  const { job, nodes } = await begin(client, members, plan)
  t.match(job, /^r-[0-9a-f]{6}$/)
  t.same(nodes, ['n1', 'n3'])
  const begun = log.filter(asked => asked.begin !== undefined)
  t.same([...new Set(begun.map(asked => asked.job))], [job])
  t.same(begun[0]?.begin?.silent, ['n2'])
  await t.rejects(begin(client, members, { ...plan, node: 'n2' as NodeId }), {
    code: 'UNREACHABLE',
    message: 'n2 does not answer',
  })
})

t.test('two at once are refused, also where the other began in between', async t => {
  const busy = clientOf(() => progress('r-other'))
  await t.rejects(begin(busy.client, members, plan), { code: 'BUSY', message: /r-other/ })
  t.equal(busy.log.length, 3)
  const late = clientOf(({ begin }) => (begin === undefined ? 'nothing' : progress('r-late')))
  await t.rejects(begin(late.client, members, plan), { code: 'BUSY', message: /r-late/ })
})

t.test('it is followed to its end; who forgot it is lost', async t => {
  const rounds = new Map<string, number>()
  const { client } = clientOf(({ node }) => {
    const round = (rounds.get(node) ?? 0) + 1
    rounds.set(node, round)
    if (node === 'n3' && round === 2) return 'nothing'
    return progress('r-1', { running: round < 3, done: Math.min(4, round), keys: 2 })
  })
  const seen: number[] = []
  const followed = await follow(
    client,
    { job: 'r-1', nodes: members },
    {
      signal: new AbortController().signal,
      onProgress: sum => seen.push(sum.done),
    },
  )
  t.match(followed, { sum: { keys: 6, running: false, etaMs: undefined }, lost: ['n3'] })
  t.same(seen, [3, 5, 7])
  t.equal(rounds.get('n3'), 2)
})

t.test('who stops following only stops following', async t => {
  const abort = new AbortController()
  const { client, log } = clientOf(() => progress('r-1'))
  const following = follow(
    client,
    { job: 'r-1', nodes: members },
    {
      signal: abort.signal,
      onProgress: () => abort.abort(),
    },
  )
  await t.rejects(following, { name: 'AbortError' })
  t.ok(log.every(asked => asked.begin === undefined))
})

t.test('the one that runs is found, or the one that is named', async t => {
  const { client } = clientOf(({ node, job }) => {
    if (job !== '' && job !== 'r-2') return 'nothing'
    return node === 'n1' ? progress('r-1', { running: false }) : progress('r-2')
  })
  t.match(await find(client, members, ''), { job: 'r-2', nodes: ['n2', 'n3'] })
  await t.rejects(find(client, members, 'r-9'), { code: 'NOT_FOUND' })
  const silent = clientOf(() => 'silence')
  await t.rejects(find(silent.client, members, ''), { code: 'UNREACHABLE' })
})

t.test('moves are fetched a page at a time', async t => {
  const move = { key: 'k' as Key, from: 'n1' as NodeId, to: 'n2' as NodeId, bytes: 1 }
  const { client, log } = clientOf(({ movesFrom = 0 }) => {
    const moves = Array.from({ length: Math.min(20, 50 - movesFrom) }, () => move)
    return progress('r-1', { running: false, moves, movesTotal: 50 })
  })
  let count = 0
  for await (const _ of movesOf(client, { job: 'r-1', nodes: ['n1' as NodeId] })) count++
  t.equal(count, 50)
  t.same(
    log.map(({ movesFrom = 0 }) => movesFrom),
    [0, 20, 40, 50],
  )
})

t.test('a repair is ended wherever it is known; a scrub is of the same part', async t => {
  const { client, log } = clientOf(({ node }) => {
    return node === 'n3' ? 'silence' : progress('r-1', { running: false, done: 1, keys: 2 })
  })
  t.match(await cancel(client, { job: 'r-1', nodes: members }), { done: 2, partitions: 8, keys: 4 })
  t.ok(log.every(asked => asked.cancel === true))
  const silent = clientOf(() => 'silence')
  await t.rejects(cancel(silent.client, { job: 'r-1', nodes: members }), { code: 'UNREACHABLE' })
  t.match(scrubOf({ ...plan, node: members[1] }), { way: 'scrub', node: 'n2' })
  t.match(scrubOf({ ...plan, way: 'preview' }), { way: 'verify' })
})
