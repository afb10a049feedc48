import t from 'tap'
import { statusDocument, statusLines } from '../../src/cli/cluster-view.js'
import type { NodeAnswer } from '../../src/cluster/node-answers.ts'
import { newClusterFile } from '../../src/cluster/settings.ts'
import type { ClusterStatus, NodeStatus } from '../../src/cluster/status.ts'

const answer: NodeAnswer = {
  epoch: 'epoch-01',
  upMs: 720_000,
  keys: 12_031,
  hints: 0,
  full: false,
  whole: true,
  waitsFor: [],
  connected: ['n2'],
  clockAheadMs: undefined,
  counters: new Map(),
  beliefs: new Map(),
}

function nodeOf(name: string, changes: Partial<NodeStatus>): NodeStatus {
  return {
    name,
    state: 'running',
    pid: 4121,
    startedAt: undefined,
    restarts: 0,
    waitsFor: undefined,
    lastLines: [],
    address: '127.0.0.1:4701',
    ownership: 0.5,
    answer,
    member: 'alive',
    wiped: false,
    ...changes,
  }
}

const status: ClusterStatus = {
  file: newClusterFile('demo', { nodes: 3 }, 4700, 0),
  directory: '/clusters/demo',
  supervisor: 'running',
  health: 'degraded',
  quorum: { read: true, write: true, partitionsBelow: 0, partitionsFull: 0, fewestReplicas: 2 },
  ringAgreed: true,
  nodes: [
    nodeOf('n1', { answer: { ...answer, hints: 4 } }),
    nodeOf('n2', {}),
    nodeOf('n3', { state: 'killed', pid: undefined, answer: undefined, member: 'down' }),
  ],
}

t.test('a verdict, a row a node with the hints that it keeps, what to do next', async t => {
  t.same(statusLines(status), [
    'demo: DEGRADED, 2 of 3 nodes answer; every key has at least 2 of 3 replicas (R=2 W=2: reads ok, writes ok)',
    'NODE  STATE    MEMBER  ADDRESS          PID  UPTIME    OWNS   KEYS  HINTS',
    'n1    running  alive   127.0.0.1:4701  4121  12m 00s  50.0%  12031      4',
    'n2    running  alive   127.0.0.1:4701  4121  12m 00s  50.0%  12031      0',
    'n3    killed   down    127.0.0.1:4701     –  –        50.0%      ?      ?',
    'next: kv node start n3',
  ])
})

t.test('keys of which no owner is left, or none that is whole', async t => {
  const quorum = { ...status.quorum, read: false, fewestReplicas: 0 }
  const [verdict] = statusLines({ ...status, quorum })
  t.match(
    verdict,
    /; some keys have no replica that answers and is whole \(R=2 W=2: some reads fail, /,
  )
})

t.test('who keeps pins from being shed', async t => {
  const counters = new Map([
    ['pins', 2],
    ['pinsWaitFor.n3', 4],
  ])
  const [n1, n2, n3] = status.nodes as [NodeStatus, NodeStatus, NodeStatus]
  const nodes = [{ ...n1, answer: { ...answer, counters } }, n2, n3]
  t.same(statusLines({ ...status, nodes }).slice(5), [
    '2 pins or more wait for n3 (4 partitions)',
    'next: kv node start n3',
  ])
})

t.test('the document', async t => {
  const document = statusDocument(status)
  t.match(document, { nodes: [{ name: 'n1', hints: 4 }, { hints: 0 }, { hints: undefined }] })
})

t.test('a node that is not whole says whom it waits for, and what ends that', async t => {
  const unwhole = (...waitsFor: string[]) => ({ ...answer, whole: false, waitsFor })
  const [n1, n2, n3] = status.nodes as [NodeStatus, NodeStatus, NodeStatus]
  const healing = { ...n1, answer: unwhole('n2') }
  const lines = (...nodes: NodeStatus[]) =>
    statusLines({ ...status, nodes }).slice(nodes.length + 2)
  const unread = 'not whole: it takes writes, and counts for no read'
  t.same(lines(healing, n2), [`n1: ${unread}; it compares itself with n2`])
  t.same(lines({ ...n1, answer: unwhole('n2', 'n3') }, n2, n3), [
    `n1: ${unread}; it waits for n3`,
    'next: kv node start n3',
    'next: kv repair --accept-loss --node n3 (if what only n3 held is lost)',
  ])
  t.same(lines({ ...n1, answer: unwhole('n2') }, { ...n2, answer: unwhole('n1') }), [
    `n1: ${unread}; it waits for n2`,
    `n2: ${unread}; it waits for n1`,
    'next: kv repair --accept-loss --node n2 (if what only n2 held is lost)',
    'next: kv repair --accept-loss --node n1 (if what only n1 held is lost)',
  ])
})
