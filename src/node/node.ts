/**
 * One node, put together: files, store, replica, sockets. Everything that can be refused is
 * refused before the port answers, and the port answers only when the node can.
 */
import { randomBytes } from 'node:crypto'
import type { StartId, StoreId } from '../core/ids.ts'
import { Replica } from '../core/replica.ts'
import { tooFewOpenFiles } from '../host/open-files.ts'
import { openFilesNeeded } from '../wire/bounds.ts'
import { coreSecrets } from '../wire/secret.ts'
import { Channels } from './channels.ts'
import { monotonicClock } from './clock.ts'
import { Faults } from './faults.ts'
import { hintBytesOf } from './free-space.ts'
import { nodeHash } from './hash.ts'
import type { OpenedStore } from './lmdb-store.ts'
import type { Log } from './log.ts'
import type { NodeSetup } from './node-setup.ts'
import { openStore } from './open-store.ts'
import { refusedPort, requirePort } from './port.ts'
import { randomBinary } from './random-pool.ts'
import { Runtime } from './runtime.ts'
import { exitCodes, StartRefused } from './start-refused.ts'
import { StoreRefused, StoreWithoutRoom } from './store-error.ts'

export type NodeOptions = {
  readonly setup: NodeSetup
  /** Obeys whoever wants it to lose or delay what nodes say to each other, or to err in time. */
  readonly faults: boolean
  readonly log: Log
  /** The port is free and the store is locked, not opened; what it throws leaves all as it was. */
  readonly beforeOpening?: () => void
  /** The store is there; a founder waits here until all founders are recorded (design §4). */
  readonly beforeListening?: () => Promise<void>
  /** The store failed: end the process at once, without any mark of a clean stop. */
  readonly onHalt: (reason: string, noRoom: boolean) => void
}

export type RunningNode = {
  readonly port: number
  readonly store: StoreId
  /** Ends cleanly: nothing in flight is lost without a word, and the store says so. */
  readonly stop: () => Promise<void>
}

/** Starts a node, ready when this returns; throws StartRefused with the exit code of the process. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { log, setup } = options
  const tooFew = tooFewOpenFiles(openFilesNeeded(setup.members.length))
  if (tooFew !== undefined) throw new StartRefused(exitCodes.refused, tooFew)
  const store = await openOwnStore(options)
  try {
    await options.beforeListening?.()
    const runtime = runtimeOf(options, store)
    const port = await listening(runtime, setup.listen)
    setup.bound(port)
    log.info('listening', { port })
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

async function openOwnStore({ setup, beforeOpening }: NodeOptions): Promise<OpenedStore> {
  const { directory, cluster, name: node, durability, create, founder } = setup
  const made = founder === undefined ? {} : { founder }
  const beforeUse = async () => {
    await requirePort(setup.listen)
    beforeOpening?.()
    setup.locked()
  }
  try {
    return await openStore({ directory, cluster, node, durability, create, beforeUse, ...made })
  } catch (error) {
    if (error instanceof StoreWithoutRoom) {
      throw new StartRefused(exitCodes.noRoom, error.message, { cause: error })
    }
    if (!(error instanceof StoreRefused)) throw error
    throw new StartRefused(exitCodes.refused, error.message, { cause: error })
  }
}

function runtimeOf({ setup, log, onHalt, faults }: NodeOptions, store: OpenedStore): Runtime {
  const { settings, members, secret, listen } = setup
  const clock = monotonicClock()
  const { whole, node, cluster } = store.identity
  const start = randomBytes(8).toString('latin1') as StartId
  const replica = new Replica({
    self: node,
    cluster,
    store: store.identity.store,
    start,
    settings,
    members,
    secrets: coreSecrets(secret),
    hash: nodeHash,
    reads: store.reads,
    random: randomBinary,
    hintBytesMax: hintBytesOf(setup.hintQuota, setup.directory),
    whole,
    commitsAtStart: store.commitsAtStart,
    commits: store.commits,
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
    self: { id: node, ...listen },
    replica,
    store,
    channels,
    clock,
    faults: new Faults({ node, allowed: faults, clock, log }),
    log,
    identity: { node, store: store.identity.store, start, startedAt: clock.now() },
    onHalt,
  })
}

async function listening(runtime: Runtime, listen: NodeSetup['listen']): Promise<number> {
  try {
    return await runtime.start()
  } catch (error) {
    throw refusedPort(error, listen)
  }
}
