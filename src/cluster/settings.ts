/**
 * What the user asks of a cluster, as a new cluster file or against the one that is there.
 * Replicas, partitions, fallbacks and the hash are fixed for the cluster's life; read and write
 * quorum, durability, read repair and the quota of hints may change while it is down; nothing
 * changes while it runs (issue 3).
 */
import { randomBytes } from 'node:crypto'
import {
  type ClusterFile,
  checkClusterFile,
  type Durability,
  formatVersion,
  hintQuotaDefault,
} from '../core/config.ts'
import { valueBytesMax } from '../core/ids.ts'
import type { RepairMode } from '../core/quorum/repair-mode.ts'
import { ClusterError } from './cluster-error.ts'

/** undefined: not said; a new cluster takes the default, another one keeps what it has. */
export type WantedSettings = {
  readonly nodes?: number | undefined
  readonly replicas?: number | undefined
  readonly readQuorum?: number | undefined
  readonly writeQuorum?: number | undefined
  readonly partitions?: number | undefined
  readonly fallbacks?: number | 'all' | undefined
  readonly durability?: Durability | undefined
  readonly readRepair?: RepairMode | undefined
  /** Up to 1 a part of the disk, above it bytes. */
  readonly hintQuota?: number | undefined
  /** 0: any. */
  readonly basePort?: number | undefined
}

/** A new cluster's file, checked. Throws USAGE with every problem. */
export function newClusterFile(
  name: string,
  wanted: WantedSettings,
  basePort: number,
  now: number,
): ClusterFile {
  const replicas = wanted.replicas ?? 3
  return requireSound({
    formatVersion,
    id: randomBytes(16).toString('hex'),
    name,
    createdAt: now,
    replicas,
    readQuorum: wanted.readQuorum ?? Math.min(2, replicas),
    writeQuorum: wanted.writeQuorum ?? Math.min(2, replicas),
    partitions: wanted.partitions ?? 256,
    fallbacks: wanted.fallbacks ?? 3,
    durability: wanted.durability ?? 'durable',
    hash: 'sha256',
    security: { mode: 'secret', tls: 'off' },
    operator: null,
    basePort,
    foundersMarked: false,
    valueBytesMax,
    readRepair: wanted.readRepair ?? 'blocking',
    hintQuota: wanted.hintQuota ?? hintQuotaDefault,
    nodes: Array.from({ length: wanted.nodes ?? 5 }, (_, i) => ({
      name: `n${i + 1}`,
      host: '127.0.0.1' as const,
      port: basePort + 1 + i,
      zone: '',
      weight: 1,
      store: randomBytes(8).toString('hex'),
      intent: 'up' as const,
    })),
  })
}

/**
 * The file with what the user wants and may have. Throws SETTINGS_DIFFER with both values of
 * each difference that may not be, USAGE where the changed file would not be sound.
 */
export function settle(file: ClusterFile, wanted: WantedSettings, running: boolean): ClusterFile {
  const differences = differencesOf(file, wanted)
  const refused = differences.filter(difference => running || difference.fixed)
  if (refused.length > 0) throw settingsDiffer(file, refused)
  if (differences.length === 0) return file
  return requireSound({
    ...file,
    readQuorum: wanted.readQuorum ?? file.readQuorum,
    writeQuorum: wanted.writeQuorum ?? file.writeQuorum,
    durability: wanted.durability ?? file.durability,
    readRepair: wanted.readRepair ?? file.readRepair,
    hintQuota: wanted.hintQuota ?? file.hintQuota,
  })
}

type Difference = {
  readonly flag: string
  readonly has: string | number
  readonly asked: string | number
  readonly fixed: boolean
}

function differencesOf(file: ClusterFile, wanted: WantedSettings): readonly Difference[] {
  const quota = wanted.hintQuota
  const rows: readonly (readonly [
    string,
    string | number,
    string | number | undefined,
    boolean,
  ])[] = [
    ['--nodes', file.nodes.length, wanted.nodes, true],
    ['--replicas', file.replicas, wanted.replicas, true],
    ['--partitions', file.partitions, wanted.partitions, true],
    ['--fallbacks', file.fallbacks, wanted.fallbacks, true],
    // 0 asks for any ports, and it has some.
    ['--base-port', file.basePort, wanted.basePort || undefined, true],
    ['-r', file.readQuorum, wanted.readQuorum, false],
    ['-w', file.writeQuorum, wanted.writeQuorum, false],
    ['--durability', file.durability, wanted.durability, false],
    ['--read-repair', file.readRepair, wanted.readRepair, false],
    ['--hint-quota', shownQuota(file.hintQuota), quota && shownQuota(quota), false],
  ]
  return rows.flatMap(([flag, has, asked, fixed]) =>
    asked === undefined || asked === has ? [] : [{ flag, has, asked, fixed }],
  )
}

/** As it is typed. */
function shownQuota(quota: number): string {
  return quota <= 1 ? `${Number((quota * 100).toPrecision(12))}%` : `${quota}B`
}

function settingsDiffer(file: ClusterFile, differences: readonly Difference[]): ClusterError {
  const list = differences.map(({ flag, has, asked }) => `${flag} is ${has}, asked for ${asked}`)
  const fixed = differences.some(difference => difference.fixed)
  const why = fixed ? 'fixed when the cluster was made' : 'not changed while the cluster runs'
  return new ClusterError(
    'SETTINGS_DIFFER',
    `cluster ${file.name}: ${list.join('; ')} (${why})`,
    fixed ? [`kv cluster up ${file.name}`] : [`kv cluster down ${file.name}`],
  )
}

function requireSound(file: ClusterFile): ClusterFile {
  const checked = checkClusterFile(file)
  if ('file' in checked) return checked.file
  throw new ClusterError('USAGE', checked.problems.join('; '))
}
