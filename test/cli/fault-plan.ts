import t from 'tap'
import {
  delayPlan,
  dropPlan,
  type FaultPlan,
  healPlan,
  isolationPlan,
  nodeFrom,
  partitionPlan,
  sidesFrom,
} from '../../src/cli/fault-plan.ts'
import { faultLines, sidesLine } from '../../src/cli/fault-view.ts'
import type { NodeId } from '../../src/core/ids.ts'
import type { FaultRule, FaultsReply } from '../../src/core/message.ts'

const members = ['n1', 'n2', 'n3', 'n4'] as NodeId[]
const [n1, n2, n3, n4] = members as [NodeId, NodeId, NodeId, NodeId]

type Rules = Readonly<Record<string, readonly FaultRule[]>>

/** The rules of each node after the plans, one after the other. */
function after(...plans: readonly FaultPlan[]): Rules {
  let rules: Rules = Object.fromEntries(members.map(node => [node, []]))
  for (const plan of plans) {
    rules = Object.fromEntries(
      members.map(node => [node, plan(node, rules[node] ?? []) ?? rules[node] ?? []]),
    )
  }
  return rules
}

/** `from>to part@keeper` of each loss. */
function losses(rules: Rules): readonly string[] {
  return Object.entries(rules)
    .flatMap(([node, own]) =>
      own
        .filter(rule => rule.drop > 0)
        .map(({ peer, direction, drop }) => {
          const [from, to] = direction === 'out' ? [node, peer] : [peer, node]
          return `${from}>${to} ${drop}@${node}`
        }),
    )
    .sort()
}

function cut(a: string, b: string): readonly string[] {
  return [`${a}>${b} 1@${a}`, `${a}>${b} 1@${b}`, `${b}>${a} 1@${a}`, `${b}>${a} 1@${b}`]
}

t.test('a partition cuts every pair of different sides at both ends, and no other', async t => {
  const plan = (text: string) => partitionPlan(sidesFrom(text, members), members)
  const split = after(plan('n1,n2|n3'))
  t.same(losses(split), [...cut('n1', 'n3'), ...cut('n2', 'n3')].sort())
  t.same(losses(after(plan('n1,n2|n3'), plan('n1|n2'))), cut('n1', 'n2').toSorted(), 'replaced')
  t.same(after(plan('n1,n2|n3'), healPlan), after())
  t.equal(
    sidesLine(sidesFrom('n1, n2|n3', members), members),
    'network split: n1 n2 | n3   n4 still reach everybody',
  )
})

t.test('a partition leaves delays and partial losses as they are', async t => {
  const split = partitionPlan(sidesFrom('n1|n2,n3', members), members)
  const late = delayPlan(n1, n2, { delayMs: 200, jitterMs: 5, rate: undefined }, true)
  const lossy = dropPlan(n2, n3, 0.2, true)
  const rules = after(late, lossy, split, partitionPlan(sidesFrom('n1|n4', members), members))
  t.match(
    rules[n1]?.find(rule => rule.peer === n2),
    { drop: 0, delayMs: 200, jitterMs: 5 },
  )
  t.same(losses(rules), [...cut('n1', 'n4'), 'n2>n3 0.2@n2'].sort())
})

t.test('to isolate one node keeps what is cut already', async t => {
  const rules = after(isolationPlan(n1, members), isolationPlan(n2, members))
  const pairs = [
    ['n1', 'n2'],
    ['n1', 'n3'],
    ['n1', 'n4'],
    ['n2', 'n3'],
    ['n2', 'n4'],
  ] as const
  t.same(losses(rules), pairs.flatMap(([a, b]) => cut(a, b)).sort())
})

t.test('a loss is counted once; all of it is a cut; none of it ends both', async t => {
  t.same(losses(after(dropPlan(n1, n2, 0.2, true))), ['n1>n2 0.2@n1'])
  t.same(losses(after(dropPlan(n1, n2, 0.2, false))), ['n1>n2 0.2@n1', 'n2>n1 0.2@n2'])
  t.same(losses(after(dropPlan(n1, n2, 1, true))), ['n1>n2 1@n1', 'n1>n2 1@n2'])
  t.same(losses(after(dropPlan(n1, n2, 1, false))), cut('n1', 'n2').toSorted())
  t.same(losses(after(dropPlan(n1, n2, 1, false), dropPlan(n1, n2, 0.5, true))), [
    'n1>n2 0.5@n1',
    'n2>n1 1@n1',
    'n2>n1 1@n2',
  ])
  t.same(after(dropPlan(n1, n2, 1, false), dropPlan(n1, n2, 0, false)), after())
})

t.test('a delay is kept where the messages leave', async t => {
  const change = { delayMs: 200, jitterMs: 50, rate: 1000 }
  const rules = after(delayPlan(n1, n2, change, false))
  t.same(rules[n1], [{ peer: n2, direction: 'out', drop: 0, ...change }])
  t.same(rules[n2], [{ peer: n1, direction: 'out', drop: 0, ...change }])
  t.same(after(delayPlan(n1, n2, change, true))[n2], [])
  const none = { delayMs: 0, jitterMs: 0, rate: undefined }
  t.same(after(delayPlan(n1, n2, change, false), delayPlan(n1, n2, none, false)), after())
  t.equal(delayPlan(n1, n2, change, true)(n3, []), undefined, 'no business of n3')
})

t.test('what cannot be meant is refused', async t => {
  for (const text of ['', 'n1,n2', 'n1|', '|n1', 'n1|n2|']) {
    t.throws(() => sidesFrom(text, members), { code: 'USAGE' }, text)
  }
  t.throws(() => sidesFrom('n1|n2,n1', members), { code: 'USAGE' })
  t.throws(() => sidesFrom('n1|n9', members), { code: 'UNKNOWN_NODE' })
  t.throws(() => nodeFrom('N1', members), { code: 'UNKNOWN_NODE' })
  t.throws(() => dropPlan(n1, n1, 1, true), { code: 'USAGE' })
})

t.test('the table shows a fault once, and where it is kept', async t => {
  const rules = after(
    dropPlan(n1, n3, 1, true),
    dropPlan(n2, n1, 0.0025, true),
    delayPlan(n2, n1, { delayMs: 10, jitterMs: 3, rate: 512 }, true),
    dropPlan(n3, n4, 0.2, false),
  )
  const answers = members.map(
    (node, i): FaultsReply => ({
      type: 'faults-are',
      id: 1,
      node,
      rules: rules[node] ?? [],
      skewMs: i === 3 ? -90_061_001 : 0,
    }),
  )
  t.same(faultLines(answers), [
    'LINK       LOST   DELAY       RATE     AT',
    'n1 -> n3   all    -           -        n1 n3',
    'n2 -> n1   0.25%  10ms +-3ms  512 B/s  n2',
    'n3 <-> n4  20%    -           -        n3 n4',
    'n4: its clock is 1d 1h 1m 1s 1ms behind',
  ])
  t.same(faultLines([]), ['no faults between nodes'])
})
