/** How a local cluster is shown: pure functions from what was found to lines and documents. */
import { lastWords } from '../cluster/last-lines.ts'
import type { NodeProcess } from '../cluster/node-process.ts'
import type { ClusterStatus, NodeStatus } from '../cluster/status.ts'
import type { UpResult } from '../cluster/up.ts'
import { clockText, isWrongClock } from './clock-view.ts'
import { shownDuration } from './duration.ts'
import { pinsLine } from './pins-view.ts'
import { tableLines } from './render.ts'
import { tooLargeLine } from './too-large-view.ts'
import { oneLine } from './visible.ts'

export function upDocument(up: UpResult, directory: string): Record<string, unknown> {
  const { file } = up
  return {
    cluster: file.name,
    dir: directory,
    created: up.created,
    started: up.started,
    nodes: up.nodes.map(node => {
      const entry = file.nodes.find(one => one.name === node.name)
      const { name, state, pid } = node
      return { name, host: entry?.host, port: entry?.port, pid, state }
    }),
    n: file.replicas,
    r: file.readQuorum,
    w: file.writeQuorum,
    partitions: file.partitions,
    fallbacks: file.fallbacks,
    readRepair: file.readRepair,
    hintQuota: file.hintQuota,
    readyMs: up.readyMs,
  }
}

export function upLines(up: UpResult): readonly string[] {
  const { file, nodes } = up
  const running = nodes.filter(node => node.state === 'running').length
  const all = running === nodes.length
  const count = all ? `${running} nodes` : `${running} of ${nodes.length} nodes`
  const others = nodes.filter(node => node.state !== 'running')
  const rest = others.map(node => {
    if (node.state === 'waiting') return `  ${node.name} is waiting for ${node.waitsFor}`
    return `  ${node.name} is ${node.state}: kv node start ${node.name}`
  })
  if (!up.started) return [`Cluster ${file.name} is already up (${count}).`, ...rest]
  const settings = `N=${file.replicas} R=${file.readQuorum} W=${file.writeQuorum}`
  return [
    `Cluster ${file.name} is up: ${count}, ${settings}, ${file.partitions} partitions`,
    ...rest,
  ]
}

export function statusDocument(status: ClusterStatus): Record<string, unknown> {
  const { file, directory, supervisor, health, quorum, ringAgreed } = status
  const nodes = status.nodes.map(node => ({
    name: node.name,
    state: node.state,
    member: node.member ?? null,
    address: node.address,
    pid: node.pid,
    uptimeMs: uptimeMs(node),
    ownership: node.ownership,
    answers: node.answer !== undefined,
    keys: node.answer?.keys,
    hints: node.answer?.hints,
    full: node.answer?.full,
    whole: node.answer?.whole,
    wiped: node.wiped || undefined,
    connected: node.answer?.connected,
    restarts: node.restarts,
    waitsFor: node.waitsFor,
    problem: problemOf(node, status.nodes),
    lastLines: node.state === 'crashed' ? node.lastLines : undefined,
  }))
  return { cluster: file.name, dir: directory, supervisor, health, quorum, ringAgreed, nodes }
}

/** The verdict first, then the nodes, then what to do. */
export function statusLines(status: ClusterStatus): readonly string[] {
  const rows = status.nodes.map(node => [
    node.name,
    node.state,
    node.member ?? '?',
    node.address,
    node.pid === undefined ? '–' : String(node.pid),
    shownUptime(node),
    `${(node.ownership * 100).toFixed(1)}%`,
    node.answer === undefined ? '?' : String(node.answer.keys),
    node.answer === undefined ? '?' : String(node.answer.hints),
  ])
  const head = ['NODE', 'STATE', 'MEMBER', 'ADDRESS', 'PID', 'UPTIME', 'OWNS', 'KEYS', 'HINTS']
  const problems = status.nodes.flatMap(node => {
    const problem = problemOf(node, status.nodes)
    if (problem === undefined) return []
    const lines = node.state === 'crashed' ? node.lastLines : []
    return [`${node.name}: ${oneLine(problem)}`, ...lines.map(line => `  | ${oneLine(line)}`)]
  })
  const pins = pinsLine(status.nodes.flatMap(({ answer }) => answer?.counters ?? []))
  const tooLarge = tooLargeLine(
    status.nodes.flatMap(({ name, answer }) => {
      return answer === undefined ? [] : [{ node: name, counters: answer.counters }]
    }),
  )
  const below = [...problems, pins, tooLarge].filter(line => line !== undefined)
  return [verdict(status), ...tableLines(head, rows), ...below, ...nextLines(status)]
}

function verdict(status: ClusterStatus): string {
  const { file, health, quorum, nodes } = status
  const answering = nodes.filter(node => node.answer !== undefined).length
  const { replicas, readQuorum, writeQuorum } = file
  if (health === 'down') return `${file.name}: DOWN, none of ${nodes.length} nodes runs`
  const count = `${answering} of ${nodes.length} nodes answer`
  const able = `${quorum.read ? 'reads ok' : 'some reads fail'}, ${writesOf(status)}`
  const fewest = quorum.fewestReplicas
  const copies =
    fewest === 0
      ? `some keys have no replica that answers and is whole`
      : `every key has at least ${fewest} of ${replicas} replicas`
  return (
    `${file.name}: ${health.toUpperCase()}, ${count}; ${copies} ` +
    `(R=${readQuorum} W=${writeQuorum}: ${able})`
  )
}

function writesOf({ file, quorum }: ClusterStatus): string {
  if (quorum.write) return 'writes ok'
  if (quorum.partitionsFull === 0) return 'some writes fail'
  const part = quorum.partitionsFull === file.partitions ? '' : 'some '
  return `${part}writes refused, for the disk is full`
}

/** Why a node is not there: the text of its last line, or that it is silent. */
function problemOf(node: NodeStatus, all: readonly NodeStatus[]): string | undefined {
  const missing = missingProblem(node)
  if (missing !== undefined) return missing
  if (node.state === 'running' && node.answer === undefined) return 'runs, but does not answer'
  if (node.answer?.whole === false) return unwholeProblem(node.answer.waitsFor, all)
  if (node.wiped) return 'wiped: its next start makes an empty store, which is not whole'
  if (node.answer?.full === true) return 'its disk is nearly full: writes are refused'
  const ahead = node.answer?.clockAheadMs
  return isWrongClock(ahead) ? clockText(ahead) : undefined
}

/** Why a node that is meant to be up has no process. */
export function missingProblem(node: NodeProcess): string | undefined {
  if (node.state === 'crashed') return `crashed: ${lastWords(node.lastLines)}`
  if (node.state === 'waiting') return `waiting for ${node.waitsFor}; it is tried again by itself`
  return undefined
}

function unwholeProblem(waitsFor: readonly string[], all: readonly NodeStatus[]): string {
  const unread = 'not whole: it takes writes, and counts for no read'
  const stuck = waitsFor.filter(name => cannotProve(name, all))
  if (stuck.length > 0) return `${unread}; it waits for ${stuck.join(', ')}`
  return waitsFor.length === 0
    ? unread
    : `${unread}; it compares itself with ${waitsFor.join(', ')}`
}

/** Nobody becomes whole by a node that does not answer, or is not whole itself. */
function cannotProve(name: string, all: readonly NodeStatus[]): boolean {
  return all.find(node => node.name === name)?.answer?.whole !== true
}

function nextLines(status: ClusterStatus): readonly string[] {
  if (status.health === 'down' && status.supervisor !== 'running') {
    return [`next: kv cluster up ${status.file.name}`]
  }
  const next = status.nodes.flatMap(node => {
    if (node.state === 'paused') return [`next: kv node resume ${node.name}`]
    if (node.state === 'crashed') return [`next: kv cluster logs -n ${node.name}`]
    const gone = node.state === 'stopped' || node.state === 'killed'
    return gone ? [`next: kv node start ${node.name}`] : []
  })
  const waitsFor = new Set(status.nodes.flatMap(({ answer }) => answer?.waitsFor ?? []))
  for (const name of waitsFor) {
    if (!cannotProve(name, status.nodes)) continue
    next.push(`next: kv repair --accept-loss --node ${name} (if what only ${name} held is lost)`)
  }
  if (status.supervisor === 'running') return next
  return [`next: kv cluster up ${status.file.name} (the supervisor is gone)`]
}

function uptimeMs(node: NodeStatus): number | undefined {
  if (node.answer !== undefined) return node.answer.upMs
  return node.startedAt === undefined ? undefined : Math.max(0, Date.now() - node.startedAt)
}

function shownUptime(node: NodeStatus): string {
  const ms = uptimeMs(node)
  return ms === undefined ? '–' : shownDuration(ms)
}
