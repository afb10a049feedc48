/**
 * A node as a process: signals, the supervisor's channel, exit codes. `main.ts` runs it for the
 * supervisor, `kv node run` in a terminal.
 */

import { hexOf } from '../core/binary.ts'
import { Log, type LogTarget } from './log.ts'
import { noRoomCodes } from './no-room.ts'
import { type RunningNode, startNode } from './node.ts'
import { readClusterFile } from './node-files.ts'
import { clusterSetup, type NodeSetup, type Warn } from './node-setup.ts'
import { type SeedOptions, seedSetup } from './seed-setup.ts'
import { type ExitCode, exitCodes, StartRefused } from './start-refused.ts'
import { errorCode } from './store-error.ts'

/** By a cluster file, as a supervisor starts it, or by seeds. */
export type RunOptions = (FileOptions | SeedOptions) & {
  readonly name: string
  /** Take faults on purpose. */
  readonly faults: boolean
  /** Default: standard output. */
  readonly log?: LogTarget
}
type FileOptions = {
  readonly clusterFile: string
  /** Make the store where the cluster's stores are not all made yet. */
  readonly create: boolean
}

/** After this a stop that hangs is cut short; the store is crash-safe. */
const stopMs = 1800

/**
 * Runs a node until it is told to stop: SIGTERM, SIGINT, or the end of the process that started
 * it with IPC. Resolves with the exit code; a failed store ends the process from within.
 */
export async function runNode(options: RunOptions): Promise<ExitCode> {
  let isTold = false
  const told = untilTold().then(reason => {
    isTold = true
    return reason
  })
  const goesOn = () => {
    if (isTold) throw stoppedEarly
  }
  const log = new Log(options.log ?? { type: 'descriptor', fd: 1 }, options.name)
  const crash = (event: string, error: unknown, noRoom = false): never => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error(event, { text })
    process.exit(noRoom ? exitCodes.noRoom : exitCodes.crashed)
  }
  process.on('uncaughtException', error => crash('crashed', error))
  process.on('unhandledRejection', error => crash('crashed', error))
  let node: RunningNode
  try {
    node = await startNode({
      setup: await setupOf(options, (event, text) => log.warn(event, { text })),
      faults: options.faults,
      log,
      // Whoever started it may be gone by now: nothing is begun for nobody.
      beforeOpening: goesOn,
      beforeListening: async () => {
        goesOn()
        await untilFounded(options, told)
      },
      onHalt: (reason, noRoom) => crash('store-failed', reason, noRoom),
    })
  } catch (error) {
    if (error === stoppedEarly) return exitCodes.stopped
    // Some file of a start that is not the store's.
    if (noRoomCodes.has(errorCode(error))) crash('no-room', error, true)
    if (!(error instanceof StartRefused)) throw error
    log.error('refused', { text: error.message, exitCode: error.exitCode })
    return error.exitCode
  }
  process.send?.({ type: 'ready', port: node.port, store: hexOf(node.store) })
  const reason = await told
  log.info('stopping', { reason })
  setTimeout(() => crash('stop', 'the stop took too long'), stopMs).unref()
  await node.stop()
  return exitCodes.stopped
}

/** Resolves once somebody wants the node to end. Installed before anything else. */
function untilTold(): Promise<string> {
  return new Promise(resolve => {
    process.once('SIGTERM', () => resolve('SIGTERM'))
    process.once('SIGINT', () => resolve('SIGINT'))
    if (process.send === undefined) return
    process.once('disconnect', () => resolve('the supervisor is gone'))
    if (!process.connected) resolve('the supervisor is gone')
  })
}

async function setupOf(options: RunOptions, warn: Warn): Promise<NodeSetup> {
  if (!('clusterFile' in options)) return seedSetup(options, warn)
  const { clusterFile, name } = options
  const create = options.create || (process.send !== undefined && !isFounded(options))
  return clusterSetup(clusterFile, name, create, warn)
}

function isFounded(options: RunOptions): boolean {
  return !('clusterFile' in options) || readClusterFile(options.clusterFile).foundersMarked
}

/**
 * The first start of a cluster under a supervisor: this node's store is made, and nobody may
 * answer before the cluster file says that all are (design §4, "whole from birth").
 */
async function untilFounded(options: RunOptions, told: Promise<string>): Promise<void> {
  if (process.send === undefined || isFounded(options)) return
  const listen = new Promise<'listen'>(resolve => {
    process.on('message', message => {
      if (Reflect.get(Object(message), 'type') === 'listen') resolve('listen')
    })
  })
  process.send({ type: 'created' })
  if ((await Promise.race([listen, told])) !== 'listen') throw stoppedEarly
}

const stoppedEarly = new Error('told to stop before it listened')
