/** `kv repair` against nodes that answer what a test says. */

import t from 'tap'
import type { ExchangeReply } from '../../src/core/entropy/exchange-status.ts'
import type { RepairPlan, RepairProgress } from '../../src/core/entropy/repair-message.ts'
import type { Key, NodeId } from '../../src/core/ids.ts'
import { fakeCli } from '../helpers/fake-cli.ts'
import { noProgress } from '../helpers/repair-progress.ts'

t.setTimeout(300_000)
const { cluster, kv, json } = await fakeCli(t, ['n1', 'n2', 'n3'])

t.test('status: a table, and one document', async t => {
  const repairs = { last: 2, most: 5, times: 2, total: 7 }
  cluster.behaviour = (request, name) => {
    if (request.type !== 'exchange') return 'usual'
    const pairs = ['n2', 'n3']
      .filter(peer => peer > name)
      .map(peer => ({
        peer: peer as NodeId,
        shared: 256,
        equalAt: Date.now() - 8000,
        repairs,
        running: undefined,
        failures: 0,
      }))
    const told = { paused: name === 'n3', ready: true, pairs, runs: [], left: 0 }
    const node = name as NodeId
    return { type: 'exchange-is', id: request.id, node, ...told } satisfies ExchangeReply
  }
  const ran = await kv(['repair', 'status'])
  t.match(ran, { exit: 0, errors: 'paused on n3: kv repair resume\n' })
  t.match(
    ran.text,
    /^PAIR {3}PARTITIONS .*\nn1 n2 +256 +8\.\ds ago +2 +4 +5 +7 +–\nn1 n3 .*\nn2 n3 /,
  )
  t.match(await json(['repair', 'status']), {
    cluster: 'demo',
    paused: ['n3'],
    pairs: [{ nodes: ['n1', 'n2'], repairs: { last: 2, mean: 4, max: 5, total: 7 } }, {}, {}],
    unreached: [],
  })
})

t.test('pause and resume: every member, or one', async t => {
  cluster.behaviour = () => 'usual'
  cluster.log.length = 0
  const asked = () =>
    cluster.log.flatMap(({ name, request }) =>
      request.type === 'exchange' ? [`${name} ${request.pause}`] : [],
    )
  const all = 'n1: paused\nn2: paused\nn3: paused\n'
  t.match(await kv(['repair', 'pause']), { exit: 0, text: all, errors: '' })
  t.same(asked().sort(), ['n1 true', 'n2 true', 'n3 true'])
  t.match(await json(['repair', 'resume', '--node', 'n2']), {
    cluster: 'demo',
    nodes: [{ node: 'n2', paused: false }],
    unreached: [],
  })
  t.same(asked().slice(3), ['n2 false'])
  t.match(await kv(['repair', 'pause', '--node', 'n9']), {
    exit: 3,
    text: '',
    errors: /^kv: there is no node n9; the cluster has n1, n2, n3\n/,
  })
})

t.test('members that are away', async t => {
  await cluster.stopNode('n3')
  t.match(await kv(['repair', 'pause']), {
    exit: 0,
    text: 'n1: paused\nn2: paused\n',
    errors: 'kv: warning: n3 does not answer: it goes on as it was\n',
  })
  t.match(await kv(['repair', 'resume', '--node', 'n3']), {
    exit: 4,
    text: '',
    errors: /^kv: n3: no answer\n {2}try: kv cluster status\n/,
  })
  t.match(await kv(['repair', 'status']), { exit: 0, errors: 'n3 does not answer\n' })
  await cluster.startNode('n3')
})

/** Each node is so far with a repair, one step an answer. */
function repairing(steps: readonly (Partial<RepairProgress> | undefined)[]) {
  const asked = new Map<string, number>()
  const begun: { name: string; begin: RepairPlan; job: string }[] = []
  let job = 'r-old'
  cluster.behaviour = (request, name) => {
    if (request.type !== 'repair') return 'usual'
    const { id, begin } = request
    if (begin !== undefined) {
      job = request.job
      begun.push({ name, begin, job })
    }
    const node = name as NodeId
    const isMine = begun.some(one => one.name === name)
    if (!isMine || (request.job !== job && request.job !== '')) {
      return { type: 'repair-is', id, node, progress: undefined } as const
    }
    const at = asked.get(name) ?? 0
    asked.set(name, at + 1)
    const step = steps[Math.min(at, steps.length - 1)]
    const progress = step && {
      ...noProgress,
      job,
      way: begin?.way ?? begun.at(-1)!.begin.way,
      ...step,
    }
    return { type: 'repair-is', id, node, progress } as const
  }
  return begun
}

t.test('a repair: progress to 100 %, and what it came to', async t => {
  const perNode = [['n3' as NodeId, 7]] as const
  const begun = repairing([
    { running: true, done: 0 },
    { running: true, done: 5, keys: 3, bytes: 1000 },
    { keys: 7, bytes: 2000, perNode },
  ])
  const ran = await kv(['repair', '--range', '25%..50%'])
  t.match(ran, { exit: 0, errors: '' })
  t.match(ran.text, /partitions: 50 % {2}9 keys {2}3\.0 KB {2}~1\.5s left\n/)
  t.match(ran.text, /partitions: 100 % {2}21 keys {2}6\.0 KB\nrepaired 21 keys \(copies on n3 21; /)
  t.same(begun.map(({ name }) => name).sort(), ['n1', 'n2', 'n3'])
  t.match(begun[0]?.begin, { way: 'repair', silent: [], node: undefined, ranges: [{}] })
  repairing([{ running: true }, { running: true, done: 5 }, { keys: 7, perNode }])
  const lines = (await kv(['repair', '--all', '--json'])).text.trim().split('\n')
  t.match(
    lines.map(line => JSON.parse(line)),
    [
      { type: 'progress', done: 15, partitions: 30, unit: 'partition', running: true },
      { type: 'progress', done: 30, running: false },
      { type: 'done', keys: 21, perNode: { n3: 21 }, lost: [] },
    ],
  )
})

t.test('one node, in the background, and a check', async t => {
  const begun = repairing([{}])
  t.match(await kv(['repair', '--node', 'n2', '--detach']), {
    exit: 0,
    text: /^repair r-[0-9a-f]{6} runs in the nodes\n$/,
  })
  t.match(begun, [{ name: 'n2', begin: { node: 'n2' } }])
  t.match(await kv(['repair', 'status', begun[0]!.job]), {
    exit: 0,
    text: /^r-[0-9a-f]{6} has ended: nothing differs: 10 partitions in 1\.5s\n$/,
  })
  const none = /^kv: no node knows of a repair r-other\n/
  t.match(await kv(['repair', 'status', 'r-other']), { exit: 3, errors: none })
  repairing([{ keys: 1, perNode: [['n1' as NodeId, 1]] }])
  t.match(await kv(['repair', '--key', 'k', '--check']), { exit: 9, text: /\n3 keys differ \(/ })
  repairing([{}])
  t.match(await kv(['repair', '--all', '--check']), { exit: 0, text: /\nnothing differs/ })
})

t.test('a preview shows each move', async t => {
  const move = { key: 'cart:7' as Key, from: 'n1' as NodeId, to: 'n2' as NodeId, bytes: 90 }
  const begun = repairing([{}, { keys: 1 }, { moves: [move], movesTotal: 1 }, {}])
  const ran = await kv(['repair', '--node', 'n1', '--preview'])
  t.match(ran.text, /cart:7: n1 -> n2, 90 bytes; n1 no answer; n2 no answer\n/)
  t.match(begun, [{ begin: { way: 'preview' } }])
})

t.test('cancel: what runs, or what is named', async t => {
  const runs = { running: true, done: 2 }
  const begun = repairing([runs, runs, runs, { done: 3 }])
  await kv(['repair', '--node', 'n2', '--detach'])
  const status = await kv(['repair', 'status'])
  t.match(status.errors, /^r-[0-9a-f]{6} runs: 2 of 10 partitions, 0 keys, 0 B, ~6\.0s left\n$/)
  t.match(await kv(['repair', 'cancel']), {
    exit: 0,
    text: /^r-[0-9a-f]{6} has ended: nothing differs: 3 of 10 partitions in 1\.5s\n$/,
  })
  const cancelled = cluster.log.flatMap(({ name, request }) =>
    request.type === 'repair' && request.cancel ? [`${name} ${request.job}`] : [],
  )
  t.same(cancelled, [`n2 ${begun[0]!.job}`])
  t.match(await kv(['repair', 'cancel', 'r-other']), { exit: 3 })
  repairing([{ running: true }, { done: 4 }])
  t.match(await kv(['repair', '--node', 'n2']), { exit: 8, text: /4 of 10 partitions/ })
})

t.test('a scrub goes before the rest', async t => {
  const begun = repairing([{ rows: 500, damaged: 1 }])
  const ran = await kv(['repair', '--node', 'n2', '--scrub'])
  t.match(ran, { exit: 0, text: /read 500 rows in 1\.5s: 1 damaged .*\n[\s\S]*nothing differs/ })
  t.same(
    begun.map(({ begin }) => begin.way),
    ['scrub', 'repair'],
  )
  const looked = repairing([{ rows: 500, damaged: 1 }])
  t.match(await kv(['repair', '--node', 'n2', '--scrub', '--check']), { exit: 9 })
  t.same(
    looked.map(({ begin }) => begin.way),
    ['verify', 'check'],
  )
  t.match(await kv(['repair', '--all', '--scrub', '--detach']), { exit: 2 })
})

t.test('what goes wrong', async t => {
  const bad = await kv(['repair', '--range', '25..50'])
  t.match(bad, { exit: 2, text: '' })
  t.match(
    bad.errors,
    /^kv: "25\.\.50" is no range .*\n {2}try: --range 25%\.\.50%\n {2}try: --range 0x40\.\.0x80\n {2}try: --range p64/,
  )
  t.match(await kv(['repair']), { exit: 2, errors: /^kv: say what to repair\n/ })
  t.match(await kv(['repair', '--all', '--key', 'k']), { exit: 2, errors: /excludes/ })
  repairing([{ running: true }])
  await kv(['repair', '--all', '--detach'])
  t.match(await kv(['repair', '--all']), { exit: 4, errors: /^kv: n1 is busy with repair r-/ })
  repairing([{ running: true }, { running: true }, undefined])
  const lost = await kv(['repair', '--node', 'n2'])
  t.match(lost, { exit: 4, errors: /n2 fell silent or was started anew/ })
  const [by, node] = ['n1', 'n3'] as NodeId[] as [NodeId, NodeId]
  repairing([{ unproved: [{ by, node, partitions: 4, why: 'silent' }] }])
  t.match(await kv(['repair', '--node', 'n1']), {
    exit: 4,
    text: /nothing differs/,
    errors: 'kv: warning: n3 was not reached: 4 partitions not compared with it\n',
  })
  repairing([{ unproved: [{ by, node, partitions: 4, why: 'both-wait' }] }])
  t.match(await kv(['repair', '--node', 'n1', '--check']), {
    exit: 4,
    errors: 'kv: warning: not compared: n1 and n3 both wait to be whole (4 partitions)\n',
  })
  repairing([{ unproved: [{ by, node, partitions: 1, why: 'refused' }] }])
  t.match(await kv(['repair', '--node', 'n1']), { exit: 9, errors: /refused/ })
  await cluster.stopNode('n3')
  t.match(await kv(['repair', '--node', 'n3']), { exit: 4, errors: /^kv: n3 does not answer\n/ })
  await cluster.startNode('n3')
})
