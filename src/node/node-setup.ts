/**
 * What a node is before anything runs: of which cluster, how that is set, where its store lies
 * and where it listens. It comes from a cluster file (`clusterSetup`), or from other nodes and
 * what was kept of them (`seedSetup`, in seed-setup.ts).
 */
import { dirname, join } from 'node:path'
import { assert } from '../core/assert.ts'
import { binaryOfHex } from '../core/binary.ts'
import { type Durability, membersOf, settingsOf } from '../core/config.ts'
import type { ClusterId, NodeId, StoreId } from '../core/ids.ts'
import type { ClusterSettings, MemberRecord } from '../core/message.ts'
import type { SecretFile } from '../wire/secret.ts'
import { entryOf, readClusterFile, readSecret } from './node-files.ts'

export type NodeSetup = {
  readonly name: NodeId
  readonly cluster: ClusterId
  readonly settings: ClusterSettings
  readonly members: readonly MemberRecord[]
  readonly secret: SecretFile
  /** Of the store. */
  readonly directory: string
  readonly durability: Durability
  /** Whether a store may be made where there is none. */
  readonly create: boolean
  /** The store that was made with the cluster; undefined: whichever this node has. */
  readonly founder: { readonly store: StoreId } | undefined
  /** What hints may take up: up to 1 a part of the disk, above it bytes. */
  readonly hintQuota: number
  /** Port 0: any. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Called once nobody else can have the directory. */
  readonly locked: () => void
  /** Called once the port is bound. */
  readonly bound: (port: number) => void
}

/** Something to know that is no reason not to start. */
export type Warn = (event: 'secret' | 'seed', text: string) => void

/** Throws StartRefused. `create`: its stores may not all be made yet, and this one may be. */
export function clusterSetup(
  clusterFile: string,
  name: string,
  create: boolean,
  warn: Warn,
): NodeSetup {
  const file = readClusterFile(clusterFile)
  const entry = entryOf(file, name, clusterFile)
  return {
    name: entry.name as NodeId,
    cluster: binaryId(file.id) as ClusterId,
    settings: settingsOf(file),
    members: membersOf(file),
    secret: readSecret(join(dirname(clusterFile), 'secret.json'), text => warn('secret', text)),
    directory: join(dirname(clusterFile), 'nodes', entry.name),
    durability: file.durability,
    create: entry.store === null || (create && !file.foundersMarked),
    // A wiped node's new store is not one that the cluster was made with: it lacks everything.
    founder: entry.store === null ? undefined : { store: binaryId(entry.store) as StoreId },
    hintQuota: file.hintQuota,
    listen: { host: entry.host, port: entry.port },
    locked: () => undefined,
    bound: () => undefined,
  }
}

function binaryId(hex: string): string {
  const binary = binaryOfHex(hex)
  assert(binary !== undefined, 'a checked cluster file has ids in hexadecimal')
  return binary
}
