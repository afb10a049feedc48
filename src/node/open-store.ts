/**
 * Opens or makes the store of a node. A directory is admitted only as what the caller says it
 * is: whatever is missing, damaged, of another cluster or node, of a later format or open
 * elsewhere is refused and left as it is, never taken for a new store. Where the last stop was
 * not clean the first open happens in a child process (`store-check.ts`).
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { binaryOf } from '../core/binary.ts'
import type { ClusterId, NodeId, StoreId } from '../core/ids.ts'
import { wholenessRowKey } from '../core/row-key.ts'
import { syncPath } from '../host/private-file.ts'
import { bootId } from '../host/process-identity.ts'
import type { LoopClock } from './awake.ts'
import { examineDataFile } from './data-file.ts'
import type { FreeSpaceOptions } from './free-space.ts'
import { decodeIdentity, encodeIdentity, type StoreIdentity, type StoreName } from './identity.ts'
import {
  commitsKey,
  type Durability,
  decodeCommits,
  type Environment,
  encodeCommits,
  type FreePagesKept,
  identityKey,
  keyBytes,
  openEnvironment,
} from './lmdb-environment.ts'
import { LmdbStore, type OpenedStore } from './lmdb-store.ts'
import { type Lock, takeLock } from './lock.ts'
import { isNoRoom } from './no-room.ts'
import { checkStore, refuseQuarantined } from './store-check.ts'
import { errorCode, errorLine, StoreRefused, StoreWithoutRoom } from './store-error.ts'
import { readStoreJson, refuseOther, writeStoreJson } from './store-json.ts'

export type StoreOptions = FreeSpaceOptions & {
  readonly directory: string
  readonly cluster: ClusterId
  readonly node: NodeId
  readonly durability: Durability
  /** Whether a store may be made here where there is none. */
  readonly create: boolean
  /** The store that was made with the cluster: born whole under this id; no other is taken. */
  readonly founder?: { readonly store: StoreId }
  /** Called with the directory locked and nothing in it changed; what it throws leaves it so. */
  readonly beforeUse?: () => Promise<void>
  /** A commit that takes longer ends `unknown`; default 30 s. */
  readonly commitDeadlineMs?: number
  /** By which a commit is late; undefined: the system's. */
  readonly clock?: LoopClock
  /** Other than the default only where a bench compares. */
  readonly freePagesKept?: FreePagesKept
}

/** Throws StoreRefused where the directory is not, and may not become, this node's store. */
export function openStore(options: StoreOptions): Promise<OpenedStore> {
  return refusingSystemErrors(options.directory, () => lockAndOpen(options))
}

async function lockAndOpen(options: StoreOptions): Promise<OpenedStore> {
  const { directory } = options
  if (options.create) mkdirSync(directory, { recursive: true, mode: 0o700 })
  else if (!existsSync(directory)) throw nothingHere(directory)
  refuseQuarantined(directory)
  const lock = takeLock(directory)
  try {
    await options.beforeUse?.()
    lock.sign()
    return await openLocked(options, lock)
  } catch (error) {
    // What was left uncleanly stays so for the next start.
    lock.giveBack()
    throw error
  }
}

/** What the system forbids (rights, a file in the way) is the operator's to mend, too. */
async function refusingSystemErrors<Result>(
  directory: string,
  open: () => Promise<Result>,
): Promise<Result> {
  try {
    return await open()
  } catch (error) {
    if (error instanceof StoreRefused) throw error
    if (isNoRoom(error, nearest(directory))) {
      const message = `no room on the disk of ${directory}: free some bytes`
      throw new StoreWithoutRoom(message, { cause: error })
    }
    if (!/^E[A-Z]+$/.test(errorCode(error))) throw error
    throw new StoreRefused(`${directory} cannot be used: ${errorLine(error)}`, { cause: error })
  }
}

async function openLocked(options: StoreOptions, lock: Lock): Promise<OpenedStore> {
  const { directory, durability } = options
  const doubtful = (await admitFiles(options)) || lock.wasLeft
  lock.guardData()
  if (doubtful) await checkStore(directory)
  let found = await openAdmitted(options)
  if (!found.identity.run.clean && !doubtful) {
    await found.environment.close()
    await checkStore(directory)
    found = await openAdmitted(options)
  }
  if (readStoreJson(directory) === undefined) writeStoreJson(directory, found.identity)
  const identity = identityOfRun(found.identity, durability)
  stamp(found.environment, identity, found.commits + 1, lostUnsynced(found.identity))
  let environment = found.environment
  if (durability === 'committed') {
    await environment.close()
    environment = openEnvironment(directory, durability, options.freePagesKept)
  }
  return new LmdbStore({
    environment,
    directory,
    identity,
    commitsAtStart: found.commits,
    commits: found.commits + 1,
    free: options,
    commitDeadlineMs: options.commitDeadlineMs ?? 30_000,
    clock: options.clock,
    end: (last, commits, clean) => endRun(last, { directory, identity, commits, clean, lock }),
  })
}

/** Looks at the files before LMDB does, makes the store where it may; true where in doubt. */
async function admitFiles(options: StoreOptions): Promise<boolean> {
  const { directory } = options
  const recorded = readStoreJson(directory)
  if (recorded !== undefined) {
    refuseOther(join(directory, 'store.json'), recorded, expectedOf(options))
  }
  const path = join(directory, 'data.mdb')
  const file = examineDataFile(path)
  switch (file.type) {
    case 'missing':
      if (recorded !== undefined) throw lost(path, 'is missing although store.json names it')
      if (!options.create) throw nothingHere(directory)
      await makeStore(options)
      return false
    case 'damaged':
      throw lost(path, file.fault)
    case 'plausible':
      return file.short
  }
}

/** Makes the data file aside and moves it in: there is never one without its identity row. */
async function makeStore(options: StoreOptions): Promise<void> {
  const { directory, cluster, node, founder } = options
  const aside = join(directory, 'making')
  rmSync(aside, { recursive: true, force: true })
  const environment = openEnvironment(aside, 'durable')
  const name: StoreName = {
    cluster,
    node,
    store: founder?.store ?? (binaryOf(randomBytes(8)) as StoreId),
  }
  const identity: StoreIdentity = {
    ...name,
    whole: founder !== undefined,
    unwholeBecause: founder === undefined ? 'it was made after the cluster' : undefined,
    run: { boot: bootId(), durability: 'durable', clean: true },
  }
  stamp(environment, identity, 1)
  await environment.close()
  renameSync(join(aside, 'data.mdb'), join(directory, 'data.mdb'))
  rmSync(aside, { recursive: true, force: true })
  syncPath(directory)
  writeStoreJson(directory, name)
}

type Found = {
  readonly environment: Environment
  readonly identity: StoreIdentity
  readonly commits: number
}

async function openAdmitted(options: StoreOptions): Promise<Found> {
  const path = join(options.directory, 'data.mdb')
  let environment: Environment
  let row: Uint8Array | undefined
  let number: Uint8Array | undefined
  try {
    environment = openEnvironment(options.directory, 'durable', options.freePagesKept)
    row = environment.get(keyBytes(identityKey))
    number = environment.get(keyBytes(commitsKey))
  } catch (error) {
    if (isNoRoom(error, options.directory)) throw error
    throw lost(path, `cannot be opened (${errorLine(error)})`)
  }
  const commits = number === undefined ? undefined : decodeCommits(number)
  try {
    if (row === undefined || commits === undefined) throw lost(path, 'holds no store of Kvorum')
    const identity = decodeIdentity(row, path)
    refuseOther(path, identity, expectedOf(options))
    return { environment, identity, commits }
  } catch (error) {
    await environment.close()
    throw error
  }
}

function identityOfRun(last: StoreIdentity, durability: Durability): StoreIdentity {
  const run = { boot: bootId(), durability, clean: false }
  if (!lostUnsynced(last)) return { ...last, run }
  const unwholeBecause =
    'it was not stopped cleanly before the machine restarted, and its writes were not synced'
  return { ...last, whole: false, unwholeBecause, run }
}

/** `committed` promises nothing past a reboot that no clean stop came before. */
function lostUnsynced({ run }: StoreIdentity): boolean {
  const boot = bootId()
  const rebooted = boot === '' || run.boot !== boot
  return !run.clean && run.durability === 'committed' && rebooted
}

/**
 * Writes the store's own rows in a synced transaction; only while nobody else writes. `lost`:
 * what it had proved since it was not whole holds no more.
 */
function stamp(
  environment: Environment,
  identity: StoreIdentity,
  commits: number,
  lost = false,
): void {
  environment.transactionSync(() => {
    if (lost) environment.remove(keyBytes(wholenessRowKey))
    environment.put(keyBytes(identityKey), encodeIdentity(identity))
    environment.put(keyBytes(commitsKey), encodeCommits(commits))
  })
}

type Ending = {
  readonly directory: string
  readonly identity: StoreIdentity
  readonly commits: number
  readonly clean: boolean
  readonly lock: Lock
}

/**
 * After a failed commit nothing is written any more; the lock stays with the process, whose disk
 * may yet do something, and tells the next start.
 */
async function endRun(environment: Environment, ending: Ending): Promise<void> {
  const { identity, clean, lock } = ending
  if (!clean) return
  const last = await syncedEnvironment(environment, ending)
  const run = { ...identity.run, clean: true }
  stamp(last, { ...identity, run }, ending.commits + 1)
  await last.close()
  lock.release()
}

/** The clean mark must not reach the disk before the data that it vouches for. */
async function syncedEnvironment(
  environment: Environment,
  { directory, identity }: Ending,
): Promise<Environment> {
  if (identity.run.durability === 'durable') return environment
  await environment.close()
  syncPath(join(directory, 'data.mdb'))
  return openEnvironment(directory, 'durable')
}

/** The directory itself may not be there yet. */
function nearest(directory: string): string {
  return existsSync(directory) ? directory : dirname(directory)
}

function expectedOf({ cluster, node, founder }: StoreOptions) {
  return { cluster, node, store: founder?.store }
}

function lost(path: string, fault: string): StoreRefused {
  return new StoreRefused(
    `${path} ${fault}; restore the directory from a backup, ` +
      'or move it away to give the node a new store',
  )
}

function nothingHere(directory: string): StoreRefused {
  return new StoreRefused(
    `${directory} holds no store; check the path, or restore the directory from a backup`,
  )
}
