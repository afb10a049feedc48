/**
 * One node, put together: files, store, replica, sockets. Everything that can be refused is
 * refused before the port answers, and the port answers only when the node can.
 */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { assert } from '../core/assert.ts'
import { binaryOfHex } from '../core/binary.ts'
import { type ClusterFile, membersOf, type NodeEntry, settingsOf } from '../core/config.ts'
import type { ClusterId, NodeId, StartId, StoreId } from '../core/ids.ts'
import type { MemberRecord } from '../core/message.ts'
import { Replica } from '../core/replica.ts'
import { coreSecrets, type SecretFile } from '../wire/secret.ts'
import { Channels } from './channels.ts'
import { monotonicClock } from './clock.ts'
import { Faults } from './faults.ts'
import { nodeHash } from './hash.ts'
import type { OpenedStore } from './lmdb-store.ts'
import type { Log } from './log.ts'
import { entryOf, readClusterFile, readSecret } from './node-files.ts'
import { openStore } from './open-store.ts'
import { Runtime } from './runtime.ts'
import { exitCodes, StartRefused } from './start-refused.ts'
import { StoreRefused } from './store-error.ts'

export type NodeOptions = {
  /** Path of `cluster.json`; `secret.json` and `nodes/<name>/` lie beside it. */
  readonly clusterFile: string
  readonly name: string
  /** Make the store of a cluster whose stores are not all made yet. */
  readonly create: boolean
  /** Obeys whoever wants it to lose or delay what nodes say to each other, or to err in time. */
  readonly faults: boolean
  readonly log: Log
  /** The store is there; a founder waits here until all founders are recorded (design §4). */
  readonly beforeListening?: () => Promise<void>
  /** The store failed: end the process at once, without any mark of a clean stop. */
  readonly onHalt: (reason: string) => void
}

export type RunningNode = {
  readonly port: number
  readonly store: StoreId
  /** Ends cleanly: nothing in flight is lost without a word, and the store says so. */
  readonly stop: () => Promise<void>
}

/** Starts a node, ready when this returns; throws StartRefused with the exit code of the process. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { clusterFile, name, log } = options
  const file = readClusterFile(clusterFile)
  const entry = entryOf(file, name, clusterFile)
  const secret = readSecret(clusterFile, text => log.warn('secret', { text }))
  const store = await openOwnStore(options, file, entry)
  try {
    await options.beforeListening?.()
    const runtime = runtimeOf(options, { file, secret, store })
    const port = await listening(runtime, entry)
    log.info('listening', { port, keys: store.count(), whole: store.identity.whole })
    await runtime.dialled()
    return {
      port,
      store: store.identity.store,
      stop: async () => {
        await runtime.stop()
        await store.close()
        log.info('stopped')
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

async function openOwnStore(
  { clusterFile, create }: NodeOptions,
  file: ClusterFile,
  entry: NodeEntry,
): Promise<OpenedStore> {
  // A wiped node's new store is not one that the cluster was made with: it lacks everything.
  const wiped = entry.store === null
  try {
    return await openStore({
      directory: join(dirname(clusterFile), 'nodes', entry.name),
      cluster: binaryId(file.id) as ClusterId,
      node: entry.name as NodeId,
      durability: file.durability,
      create: wiped || (create && !file.foundersMarked),
      ...(wiped ? {} : { founder: { store: binaryId(entry.store) as StoreId } }),
    })
  } catch (error) {
    if (!(error instanceof StoreRefused)) throw error
    throw new StartRefused(exitCodes.refused, error.message, { cause: error })
  }
}

type Parts = {
  readonly file: ClusterFile
  readonly secret: SecretFile
  readonly store: OpenedStore
}

function runtimeOf(options: NodeOptions, { file, secret, store }: Parts): Runtime {
  const clock = monotonicClock()
  const { whole, node, cluster } = store.identity
  const start = randomBytes(8).toString('latin1') as StartId
  const members = membersOf(file)
  const replica = new Replica({
    self: node,
    cluster,
    store: store.identity.store,
    start,
    settings: settingsOf(file),
    members,
    secrets: coreSecrets(secret),
    hash: nodeHash,
    reads: store.reads,
    random: count => randomBytes(count).toString('latin1'),
    whole,
  })
  const channels = new Channels({
    cluster,
    node,
    store: store.identity.store,
    start,
    network: secret.network,
    commitsAtStart: store.commitsAtStart,
    commits: store.commits,
    clock,
  })
  return new Runtime({
    self: selfIn(members, node),
    replica,
    store,
    channels,
    clock,
    faults: new Faults({ node, allowed: options.faults, clock, log: options.log }),
    log: options.log,
    identity: { node, store: store.identity.store, start, startedAt: clock.now(), whole },
    onHalt: options.onHalt,
  })
}

async function listening(runtime: Runtime, { host, port }: NodeEntry): Promise<number> {
  try {
    return await runtime.start()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE') {
      const message = `port ${port} on ${host} is in use by another process`
      throw new StartRefused(exitCodes.refused, message, { cause: error })
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      const message = `cannot listen on ${host}:${port} (${code})`
      throw new StartRefused(exitCodes.refused, message, { cause: error })
    }
    throw error
  }
}

function selfIn(members: readonly MemberRecord[], node: NodeId): MemberRecord {
  const self = members.find(member => member.id === node)
  assert(self !== undefined, 'this node is a member')
  return self
}

function binaryId(hex: string): string {
  const binary = binaryOfHex(hex)
  assert(binary !== undefined, 'a checked cluster file has ids in hexadecimal')
  return binary
}
