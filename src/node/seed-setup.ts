/**
 * A node that is started with nothing but a name, a directory, a credential and some addresses
 * (design §5): it asks one of them for the cluster's settings and members, and keeps what it
 * learnt in `node.json`, so that it starts again when none of them answers.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { binaryOfHex, hexOf } from '../core/binary.ts'
import { type Durability, hintQuotaDefault } from '../core/config.ts'
import { tokenHashName } from '../core/hash.ts'
import type { ClusterId, NodeId } from '../core/ids.ts'
import type { ClusterSettings } from '../core/message.ts'
import { replaceFile, textOf } from '../host/private-file.ts'
import { type Address, askView } from './ask-view.ts'
import { readSecret } from './node-files.ts'
import type { NodeSetup, Warn } from './node-setup.ts'
import { exitCodes, StartRefused } from './start-refused.ts'

export type SeedOptions = {
  readonly name: NodeId
  readonly directory: string
  /** Path of the `secret.json`. */
  readonly credential: string
  readonly seeds: readonly Address[]
  /** Port 0: the one it had, or is known by, or any. */
  readonly listen: Address
  readonly durability: Durability
}

/** What is kept: the cluster, and what is fixed for its life. */
type Kept = {
  readonly formatVersion: 1
  readonly cluster: string
  readonly name: string
  readonly hash: string
  readonly port: number
  readonly settings: ClusterSettings
}

/** Throws StartRefused: no seed answers and nothing is kept, or both are of different clusters. */
export async function seedSetup(options: SeedOptions, warn: Warn): Promise<NodeSetup> {
  const { name, directory, credential, listen } = options
  refuseOpenAddress(listen)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const secret = readSecret(credential, text => warn('secret', text))
  const path = join(directory, 'node.json')
  const kept = readKept(path)
  if (kept !== undefined && kept.name !== name) {
    throw refused(`${directory} is the directory of ${kept.name}, not of ${name}`)
  }
  const asked = await askSeeds(options.seeds, secret.network, warn)
  const settings = asked?.view.settings ?? kept?.settings
  const cluster = asked?.cluster ?? (kept && (binaryOfHex(kept.cluster) as ClusterId))
  if (settings === undefined || cluster === undefined) {
    throw refused('no seed answers, and this directory knows no cluster yet: see the log above')
  }
  if (kept !== undefined) refuseOther(kept, hexOf(cluster), settings, directory)
  const members = asked?.view.members ?? []
  const known = members.find(member => member.id === name)?.port ?? 0
  const keep = (port: number) => {
    const file: Kept = {
      formatVersion: 1,
      cluster: hexOf(cluster),
      name,
      hash: tokenHashName,
      port,
      settings,
    }
    replaceFile(path, `${JSON.stringify(file, undefined, 2)}\n`)
  }
  return {
    name,
    cluster,
    settings,
    members: members.map(one => (one.id === name ? { ...one, host: '', port: 0 } : one)),
    secret,
    directory,
    durability: options.durability,
    create: !existsSync(join(directory, 'store.json')),
    hintQuota: hintQuotaDefault,
    founder: undefined,
    listen: { host: listen.host, port: listen.port || kept?.port || known },
    locked: () => keep(kept?.port ?? 0),
    bound: keep,
  }
}

async function askSeeds(
  seeds: readonly Address[],
  network: Parameters<typeof askView>[1],
  warn: Warn,
) {
  for (const seed of seeds) {
    try {
      return await askView(seed, network)
    } catch (problem) {
      warn(
        'seed',
        `${seed.host}:${seed.port}: ${problem instanceof Error ? problem.message : problem}`,
      )
    }
  }
  return undefined
}

/** What is fixed for the cluster's life must be what it was. */
function refuseOther(kept: Kept, cluster: string, settings: ClusterSettings, directory: string) {
  if (kept.cluster !== cluster) {
    throw refused(`${directory} belongs to cluster ${kept.cluster}, the seeds to ${cluster}`)
  }
  for (const field of ['replicas', 'partitions'] as const) {
    if (kept.settings[field] === settings[field]) continue
    throw refused(
      `${directory} was made for ${kept.settings[field]} ${field}, the seeds say ${settings[field]}`,
    )
  }
}

function readKept(path: string): Kept | undefined {
  const text = textOf(path)
  if (text === undefined) return undefined
  try {
    const kept = JSON.parse(text) as Partial<Kept>
    const isFit = typeof kept.cluster === 'string' && /^[0-9a-f]{32}$/.test(kept.cluster)
    if (kept.formatVersion === 1 && isFit && isSettings(kept.settings)) return kept as Kept
  } catch {
    // What is wrong with it is said below.
  }
  throw refused(`${path} is damaged: move it away and start with --seeds`)
}

function isSettings(value: unknown): value is ClusterSettings {
  const fields = ['replicas', 'readQuorum', 'writeQuorum', 'partitions', 'fallbacks']
  return fields.every(field => Number.isInteger(Reflect.get(Object(value), field)))
}

/** Only the two loopback addresses, literally: nothing is encrypted yet (`security.md` §2.2). */
function refuseOpenAddress({ host, port }: Address): void {
  if (host === '127.0.0.1' || host === '::1') return
  throw refused(
    `refusing to listen on ${host.replace(/[^ -~]/g, '?').slice(0, 80)}:${port}: ` +
      'this version does not encrypt; it listens on 127.0.0.1 only',
  )
}

function refused(message: string): StartRefused {
  return new StartRefused(exitCodes.refused, message)
}
