import t from 'tap'
import { gossipDocument, gossipLines, isAgreed } from '../../src/cli/gossip-view.ts'
import type { Epoch, NodeId } from '../../src/core/ids.ts'
import type { Belief, MemberStatus } from '../../src/core/membership/beliefs.ts'
import type { GossipReply } from '../../src/core/message.ts'

const members = ['n1', 'n2', 'n3', 'n4']
const marks: Readonly<Record<string, MemberStatus>> = {
  a: 'alive',
  s: 'suspect',
  d: 'down',
  l: 'left',
}

/** What `node` believes of n1 to n4, a letter each. */
function answerOf(node: string, letters: string, changes: Partial<GossipReply> = {}): GossipReply {
  const beliefs = [...letters].map(
    (letter, i): Belief => ({
      node: `n${i + 1}` as NodeId,
      status: marks[letter] ?? 'alive',
      phi: letter === 'a' ? 0.3 : 4.125,
      heardMs: 5,
      incarnation: 2,
      heartbeat: 881,
      accusers: [],
      keys: 0,
    }),
  )
  return {
    type: 'gossiped',
    id: 1,
    node: node as NodeId,
    epoch: '\x9f\x3a\x11\xc2\x00\x00\x00\x00' as Epoch,
    member: true,
    beliefs,
    rounds: 7,
    lastExchangeMs: 310,
    refused: 0,
    clockAheadMs: undefined,
    ...changes,
  }
}

t.test('the matrix, in pictures and in ASCII', async t => {
  const answers = [answerOf('n1', 'aaas'), answerOf('n2', 'aaas'), answerOf('n3', 'aaad')]
  const round = { members, answers }
  t.same(gossipLines(round, true), [
    'sees→  n1  n2  n3  n4',
    'n1     ●   ●   ●   ◐ 4.1',
    'n2     ●   ●   ●   ◐ 4.1',
    'n3     ●   ●   ●   ✕ 4.1  ← disagrees',
    '● alive  ◐ suspect  ✕ down  ○ left  (number = phi)   epoch 9f3a11c2 on all   last round 310ms ago',
    'n4 does not answer',
  ])
  const ascii = gossipLines(round, false)
  t.equal(ascii[3], 'n3     +   +   +   x 4.1  <- disagrees')
  t.match(ascii.join(''), /^[ -~]*$/)
})

t.test('who agrees: those who answer, about those who answer', async t => {
  const agreed = (...answers: GossipReply[]) => isAgreed({ members, answers })
  t.ok(agreed(...['n1', 'n2', 'n3', 'n4'].map(node => answerOf(node, 'aaaa'))))
  t.ok(agreed(answerOf('n1', 'aaad'), answerOf('n2', 'aaas'), answerOf('n3', 'aaal')), 'n4 is gone')
  for (const bad of ['daaa', 'saaa', 'laaa', '']) {
    t.notOk(agreed(answerOf('n1', 'aaaa'), answerOf('n2', bad)), bad)
  }
  const other = '12345678' as Epoch
  t.notOk(agreed(answerOf('n1', 'aaaa'), answerOf('n2', 'aaaa', { epoch: other })))
  t.notOk(agreed(answerOf('n1', 'aaaa'), answerOf('n2', 'aaaa', { member: false })))
})

t.test('two epochs are named with their nodes; a node without a round is named', async t => {
  const answers = [
    answerOf('n1', 'aaaa'),
    answerOf('n2', 'aaaa', { epoch: '12345678' as Epoch, lastExchangeMs: undefined }),
  ]
  const legend = gossipLines({ members, answers }, false)[3]
  t.match(legend, 'epoch 9f3a11c2 on n1, 31323334 on n2')
  t.match(legend, 'no round yet on n2')
})

t.test('the document', async t => {
  const answers = [answerOf('n1', 'aaas')]
  t.match(gossipDocument({ members, answers }), {
    agreed: true,
    epochs: { n1: '9f3a11c200000000' },
    views: { n1: { n4: { state: 'suspect', phi: 4.125, heartbeat: 881, incarnation: 2 } } },
    lastRoundMs: { n1: 310 },
    silent: ['n2', 'n3', 'n4'],
  })
})

t.test('a clock that is wrong is named, with its node', async t => {
  const hour = 3_600_000
  const answers = [
    answerOf('n1', 'aaaa', { clockAheadMs: 50_000 }),
    answerOf('n2', 'aaaa', { clockAheadMs: -25 * hour }),
  ]
  const round = { members: ['n1', 'n2'], answers }
  t.match(gossipLines(round, true).at(-1), /^n2: its clock is .* behind its peers'/)
  t.same(gossipDocument(round).clocksWrong, { n2: -25 * hour })
})
