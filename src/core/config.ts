/**
 * The configuration of a cluster: the shape of `cluster.json`, checked once, with every problem
 * listed and not only the first. Replicas, partitions, fallbacks and the hash are fixed for the
 * cluster's life (design §4); what the file says is what the hello compares (`security.md` §2.1).
 */
import { type NodeId, nameOf, valueBytesMax } from './ids.ts'
import type { ClusterSettings, MemberRecord } from './message.ts'
import { isRepairMode, type RepairMode, repairModes } from './quorum/repair-mode.ts'
import { weightMax } from './ring/claim.ts'

export const formatVersion = 1
/** A tenth of the disk. */
export const hintQuotaDefault = 0.1
const partitionsMax = 65536
/** Nodes that one cluster file may list: every table by node is bounded by it. */
export const nodesMax = 256

/** What the user wants of a node; a supervisor never heals what is not `up`. */
const intents = ['up', 'stopped', 'killed', 'paused'] as const
export type Intent = (typeof intents)[number]

/** `committed`: answered at commit, without a sync of the disk. */
const durabilities = ['durable', 'committed'] as const
export type Durability = (typeof durabilities)[number]

export type NodeEntry = {
  readonly name: string
  readonly host: '127.0.0.1' | '::1'
  readonly port: number
  readonly zone: string
  /** 1 to 100 (`ring/claim.ts`): a node puts weight × 64 tokens on the ring. */
  readonly weight: number
  /** The store this node must have: 8 bytes as hex; null: it was wiped, any new one will do. */
  readonly store: string | null
  readonly intent: Intent
}

export type ClusterFile = {
  readonly formatVersion: typeof formatVersion
  /** 16 bytes as hex. */
  readonly id: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly replicas: number
  readonly readQuorum: number
  readonly writeQuorum: number
  /** A power of two up to 65,536. */
  readonly partitions: number
  readonly fallbacks: number | 'all'
  readonly durability: Durability
  readonly hash: 'sha256'
  readonly security: { readonly mode: 'secret'; readonly tls: 'off' }
  readonly operator: null
  /** Node i listens on basePort + i; 0: on ports that were free at the first start. */
  readonly basePort: number
  /** True once every founder's store exists: one that is missing later is an error (design §4). */
  readonly foundersMarked: boolean
  readonly valueBytesMax: number
  readonly readRepair: RepairMode
  /** What hints may take up on a node: up to 1 a part of its disk, above it bytes. */
  readonly hintQuota: number
  readonly nodes: readonly NodeEntry[]
}

/** The file as a typed value, or every problem in it, one line each. */
export function checkClusterFile(
  value: unknown,
): { readonly file: ClusterFile } | { readonly problems: readonly string[] } {
  const problems: string[] = []
  const root = fieldsOf(value, 'cluster file', rootFields, problems)
  if (root === undefined) return { problems }
  checkIdentity(root, problems)
  checkCounts(root, problems)
  checkFixed(root, problems)
  checkNodes(root['nodes'], problems)
  checkTogether(root, problems)
  return problems.length > 0 ? { problems } : { file: value as ClusterFile }
}

/** What every node and client needs to know of how the cluster is set. */
export function settingsOf(file: ClusterFile): ClusterSettings {
  const spare = file.nodes.length - file.replicas
  return {
    replicas: file.replicas,
    readQuorum: file.readQuorum,
    writeQuorum: file.writeQuorum,
    partitions: file.partitions,
    fallbacks: file.fallbacks === 'all' ? spare : Math.min(file.fallbacks, spare),
    valueBytesMax: file.valueBytesMax,
    readRepair: file.readRepair,
  }
}

/** The members that the file lists, in its order. */
export function membersOf(file: ClusterFile): readonly MemberRecord[] {
  return file.nodes.map(node => ({
    id: node.name as NodeId,
    host: node.host,
    port: node.port,
    weight: node.weight,
    zone: node.zone,
    key: undefined,
    statement: undefined,
  }))
}

type Fields = Readonly<Record<string, unknown>>

const rootFields = [
  'formatVersion',
  'id',
  'name',
  'createdAt',
  'replicas',
  'readQuorum',
  'writeQuorum',
  'partitions',
  'fallbacks',
  'durability',
  'hash',
  'security',
  'operator',
  'basePort',
  'foundersMarked',
  'valueBytesMax',
  'readRepair',
  'hintQuota',
  'nodes',
]
const nodeFields = ['name', 'host', 'port', 'zone', 'weight', 'store', 'intent']

function fieldsOf(
  value: unknown,
  where: string,
  known: readonly string[],
  problems: string[],
): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push(`${where} is not an object`)
    return undefined
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) problems.push(`${where}: unknown field ${shown(name)}`)
  }
  return value as Fields
}

function checkIdentity(root: Fields, problems: string[]): void {
  if (root['formatVersion'] !== formatVersion) {
    problems.push(`formatVersion is ${shown(root['formatVersion'])}, this version reads 1`)
  }
  checkHex(root['id'], 16, 'id', problems)
  checkName(root['name'], 'name', problems)
  checkCount(root['createdAt'], 0, Number.MAX_SAFE_INTEGER, 'createdAt', problems)
}

function checkCounts(root: Fields, problems: string[]): void {
  checkCount(root['replicas'], 1, nodesMax, 'replicas', problems)
  checkCount(root['basePort'], 0, 65535, 'basePort', problems)
  checkCount(root['valueBytesMax'], 1, valueBytesMax, 'valueBytesMax', problems)
  if (root['fallbacks'] !== 'all') {
    checkCount(root['fallbacks'], 0, nodesMax, 'fallbacks', problems, ' or "all"')
  }
  const partitions = root['partitions']
  if (!isCount(partitions, 1, partitionsMax) || (partitions & (partitions - 1)) !== 0) {
    problems.push(`partitions is ${shown(partitions)}, must be a power of two from 1 to 65536`)
  }
  const most = isCount(root['replicas'], 1, nodesMax) ? root['replicas'] : nodesMax
  checkCount(root['readQuorum'], 1, most, 'readQuorum', problems, ' (the replicas)')
  checkCount(root['writeQuorum'], 1, most, 'writeQuorum', problems, ' (the replicas)')
}

function checkFixed(root: Fields, problems: string[]): void {
  checkOneOf(root['durability'], durabilities, 'durability', problems)
  if (!isRepairMode(root['readRepair'])) {
    const words = repairModes.join(', ')
    problems.push(`readRepair is ${shown(root['readRepair'])}, must be ${words} or from 0 to 1`)
  }
  const quota = root['hintQuota']
  if (typeof quota !== 'number' || !(quota >= 0 && quota <= Number.MAX_SAFE_INTEGER)) {
    problems.push(`hintQuota is ${shown(quota)}, must be a part of the disk, or bytes above 1`)
  }
  checkOneOf(root['hash'], ['sha256'], 'hash', problems)
  checkOneOf(root['operator'], [null], 'operator', problems)
  checkOneOf(root['foundersMarked'], [true, false], 'foundersMarked', problems)
  const security = fieldsOf(root['security'], 'security', ['mode', 'tls'], problems)
  if (security === undefined) return
  checkOneOf(security['mode'], ['secret'], 'security.mode', problems)
  checkOneOf(security['tls'], ['off'], 'security.tls', problems)
}

function checkNodes(nodes: unknown, problems: string[]): void {
  if (!Array.isArray(nodes) || nodes.length < 1 || nodes.length > nodesMax) {
    problems.push(`nodes must be a list of 1 to ${nodesMax}`)
    return
  }
  nodes.forEach((value: unknown, at) => {
    const where = `nodes[${at}]`
    const node = fieldsOf(value, where, nodeFields, problems)
    if (node === undefined) return
    checkName(node['name'], `${where}.name`, problems)
    checkOneOf(node['host'], ['127.0.0.1', '::1'], `${where}.host`, problems)
    checkCount(node['port'], 1, 65535, `${where}.port`, problems)
    checkCount(node['weight'], 1, weightMax, `${where}.weight`, problems)
    if (node['store'] !== null) checkHex(node['store'], 8, `${where}.store`, problems)
    checkOneOf(node['intent'], intents, `${where}.intent`, problems)
    const zone = node['zone']
    if (zone !== '') checkName(zone, `${where}.zone`, problems)
  })
}

/** What no field can break alone. */
function checkTogether(root: Fields, problems: string[]): void {
  const nodes: readonly unknown[] = Array.isArray(root['nodes']) ? root['nodes'] : []
  const replicas = root['replicas']
  if (root['foundersMarked'] === false) {
    nodes.forEach((node, at) => {
      if (storeOf(node) === null) problems.push(`nodes[${at}].store is null before it was made`)
    })
  }
  if (isCount(replicas, 1, nodesMax) && nodes.length >= 1 && nodes.length < replicas) {
    problems.push(`${nodes.length} nodes cannot hold ${replicas} replicas: add nodes`)
  }
  for (const field of ['name', 'port', 'store']) {
    const seen = new Set<unknown>()
    nodes.forEach((node, at) => {
      const value = (node as Fields | null | undefined)?.[field]
      if (value !== undefined && value !== null && seen.has(value)) {
        problems.push(`nodes[${at}].${field} ${shown(value)} is used twice`)
      }
      seen.add(value)
    })
  }
}

function storeOf(node: unknown): unknown {
  return (node as Fields | null | undefined)?.['store']
}

function isCount(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

function checkCount(
  value: unknown,
  least: number,
  most: number,
  where: string,
  problems: string[],
  more = '',
): void {
  if (isCount(value, least, most)) return
  problems.push(`${where} is ${shown(value)}, must be an integer from ${least} to ${most}${more}`)
}

function checkOneOf(
  value: unknown,
  allowed: readonly unknown[],
  where: string,
  problems: string[],
): void {
  if (allowed.includes(value)) return
  problems.push(`${where} is ${shown(value)}, must be ${allowed.map(shown).join(' or ')}`)
}

function checkHex(value: unknown, bytes: number, where: string, problems: string[]): void {
  if (typeof value === 'string' && value.length === bytes * 2 && /^[0-9a-f]*$/.test(value)) return
  problems.push(`${where} is ${shown(value)}, must be ${bytes * 2} hexadecimal digits`)
}

function checkName(value: unknown, where: string, problems: string[]): void {
  if (typeof value === 'string' && nameOf(value) !== undefined) return
  problems.push(`${where} is ${shown(value)}, must be 1 to 32 of a-z, 0-9 and -`)
}

/** A foreign value in a problem line: short, and without any character that is not ASCII. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value)
  const short = text.length > 40 ? `${text.slice(0, 40)}...` : text
  return short.replace(/[^ -~]/g, '?')
}
