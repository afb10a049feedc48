/**
 * How a local cluster is: its processes as the supervisor sees them, beside what each node that
 * runs answers itself. A paused or silent node costs a short wait and nothing else.
 */
import { clientHash } from '../client/hash.ts'
import { type ClusterFile, membersOf, settingsOf } from '../core/config.ts'
import type { NodeId } from '../core/ids.ts'
import type { MemberStatus } from '../core/membership/beliefs.ts'
import { claim } from '../core/ring/claim.ts'
import { ownershipOf } from '../core/ring/ownership.ts'
import { livenessOf } from '../host/process-identity.ts'
import { pathsOf, requireClusterFile } from './cluster-file.ts'
import { reachSupervisor } from './leftovers.ts'
import { holderOf } from './lock-file.ts'
import { addressOf, answerMs, askNodes, type NodeAnswer } from './node-answers.ts'
import type { NodeProcess } from './node-process.ts'
import { readSupervisorFile } from './supervisor-file.ts'
import { processesOf } from './until-ready.ts'

/** `silent`: its process lives and does not answer. */
type SupervisorState = 'running' | 'silent' | 'none'

export type Processes = {
  readonly supervisor: SupervisorState
  readonly nodes: readonly NodeProcess[]
}

/** Of a node: its process, its part of the ring, and what it says, where it answers. */
export type NodeStatus = NodeProcess & {
  readonly address: string
  /** Part of all partition replicas, 0 to 1. */
  readonly ownership: number
  readonly answer: NodeAnswer | undefined
  /** What most of the nodes that answer believe of it; undefined: nobody answers. */
  readonly member: MemberStatus | undefined
  /** Its data was deleted on purpose, and no new store was made yet. */
  readonly wiped: boolean
}

/** healthy: all nodes answer, are whole and believe each other alive. unavailable: some key can be read or written no more. */
type Health = 'healthy' | 'degraded' | 'unavailable' | 'down'

export type ClusterStatus = {
  readonly file: ClusterFile
  readonly directory: string
  readonly supervisor: SupervisorState
  readonly health: Health
  /** Whether every key can be read and written; partitions where one of the two is not so. */
  readonly quorum: {
    readonly read: boolean
    readonly write: boolean
    readonly partitionsBelow: number
    /** Partitions of which too few nodes have a disk with room to write to. */
    readonly partitionsFull: number
    /** Fewest owners that answer and are whole, over all partitions. */
    readonly fewestReplicas: number
  }
  /** All nodes that answer compute the same ring. */
  readonly ringAgreed: boolean
  readonly nodes: readonly NodeStatus[]
}

/**
 * Throws NOT_FOUND, CLUSTER_CONFLICT, DENIED, PROTOCOL (a supervisor of another version); what is
 * not running is no error.
 */
export async function clusterStatus(directory: string, timeoutMs: number): Promise<ClusterStatus> {
  const file = await requireClusterFile(directory)
  const processes = await processesIn(directory, file, timeoutMs)
  const running = processes.nodes.filter(node => node.state === 'running').map(node => node.name)
  const answers = await askNodes(directory, file, running, Math.min(timeoutMs, answerMs))
  const { nodes: owners } = ownershipOf(ringOf(file), membersOf(file))
  const nodes = processes.nodes.map(node => ({
    ...node,
    address: addressOf(file, node.name),
    ownership: owners.find(owner => owner.node === node.name)?.part ?? 0,
    answer: answers.get(node.name),
    member: majorityOf(node.name, answers),
    wiped: file.nodes.some(entry => entry.name === node.name && entry.store === null),
  }))
  const seen = nodes.filter(node => node.member === 'alive').map(node => node.name)
  const quorum = quorumOf(file, new Map([...answers].filter(([name]) => seen.includes(name))))
  const ringAgreed = new Set([...answers.values()].map(answer => answer.epoch)).size <= 1
  const health = healthOf(nodes, quorum, ringAgreed)
  return { file, directory, supervisor: processes.supervisor, health, quorum, ringAgreed, nodes }
}

/** The processes of a cluster, also where no supervisor tells. */
export async function processesIn(
  directory: string,
  file: ClusterFile,
  timeoutMs: number,
): Promise<Processes> {
  const control = await reachSupervisor(directory, file, timeoutMs)
  if (control !== undefined) {
    try {
      return { supervisor: 'running', nodes: await processesOf(control, timeoutMs) }
    } finally {
      control.close()
    }
  }
  const holder = await holderOf(pathsOf(directory).supervisorLock)
  const trace = await readSupervisorFile(directory)
  const nodes = file.nodes.map(({ name, intent }): NodeProcess => {
    const left = trace?.nodes.find(node => node.name === name)
    const liveness = left === undefined ? 'dead' : livenessOf(left)
    const alone = intent === 'killed' ? 'killed' : 'stopped'
    return {
      name,
      state: liveness === 'dead' ? alone : liveness,
      pid: liveness === 'dead' ? undefined : left?.pid,
      startedAt: undefined,
      restarts: 0,
      waitsFor: undefined,
      lastLines: [],
    }
  })
  return { supervisor: holder === undefined ? 'none' : 'silent', nodes }
}

function ringOf(file: ClusterFile) {
  return claim(clientHash, membersOf(file), settingsOf(file))
}

/** What most of those who answer believe of this node; of a tie, the worse. */
function majorityOf(
  name: string,
  answers: ReadonlyMap<string, NodeAnswer>,
): MemberStatus | undefined {
  const votes = new Map<MemberStatus, number>()
  for (const { beliefs } of answers.values()) {
    const status = beliefs.get(name)
    if (status !== undefined) votes.set(status, (votes.get(status) ?? 0) + 1)
  }
  let most: MemberStatus | undefined
  for (const status of worstFirst) {
    if ((votes.get(status) ?? 0) > (most === undefined ? 0 : (votes.get(most) ?? 0))) most = status
  }
  return most
}

const worstFirst = ['down', 'left', 'suspect', 'alive'] as const satisfies readonly MemberStatus[]

/** Of those who answer and are alive to most. An owner that is not whole counts for no read. */
function quorumOf(
  file: ClusterFile,
  answers: ReadonlyMap<string, NodeAnswer>,
): ClusterStatus['quorum'] {
  const ring = ringOf(file)
  const isLive = (node: NodeId) => answers.has(node)
  const hasRoom = (node: NodeId) => answers.get(node)?.full === false
  const isWhole = (node: NodeId) => answers.get(node)?.whole === true
  let read = true
  let write = true
  let partitionsBelow = 0
  let partitionsFull = 0
  let fewestReplicas = file.replicas
  for (const [partition, list] of ring.lists.entries()) {
    const whole = list.filter(isWhole).length
    const writers = [...list, ...(ring.fallbacks[partition] ?? [])].filter(isLive)
    const canRead = whole >= file.readQuorum
    const canWrite = writers.filter(hasRoom).length >= file.writeQuorum
    if (!canWrite && writers.length >= file.writeQuorum) partitionsFull++
    read &&= canRead
    write &&= canWrite
    if (!canRead || !canWrite) partitionsBelow++
    fewestReplicas = Math.min(fewestReplicas, whole)
  }
  return { read, write, partitionsBelow, partitionsFull, fewestReplicas }
}

function healthOf(
  nodes: readonly NodeStatus[],
  quorum: ClusterStatus['quorum'],
  ringAgreed: boolean,
): Health {
  const answering = nodes.filter(node => node.answer !== undefined)
  if (nodes.every(node => node.pid === undefined)) return 'down'
  if (!quorum.read || !quorum.write) return 'unavailable'
  const well = answering.every(({ answer }) => answer !== undefined && isWell(answer, nodes.length))
  return answering.length === nodes.length && well && ringAgreed ? 'healthy' : 'degraded'
}

/** It lacks nothing, and sees all the others. */
function isWell({ full, whole, connected, beliefs }: NodeAnswer, nodes: number): boolean {
  if (full || !whole || connected.length < nodes - 1) return false
  return [...beliefs.values()].every(status => status === 'alive')
}
