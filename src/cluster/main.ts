/**
 * The detached process that supervises one local cluster: `main.js --directory DIR`. Its output
 * is its log. It begins once whoever started it says so over IPC, and hangs up then. Exit codes: 0
 * after a `down`, 10 where it may not or cannot run this cluster, or nobody told it to.
 */
process.umask(0o077)
const toldToBegin = untilTold()
const { ClusterError } = await import('./cluster-error.ts')
const { runSupervisor } = await import('./run-supervisor.ts')
const { logLine } = await import('./supervisor-log.ts')

const directory = process.argv[process.argv.indexOf('--directory') + 1]

const log = (...report: Parameters<typeof logLine>) => {
  console.log(logLine(...report))
}

try {
  if (directory === undefined) throw new ClusterError('USAGE', 'wanted: --directory DIR')
  if (!(await toldToBegin)) {
    throw new ClusterError('CANCELLED', 'whoever started it was gone before it could begin')
  }
  const supervisor = await runSupervisor(directory, log)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void supervisor.stop())
  }
  await supervisor.stopped
  log('down', {})
} catch (problem) {
  const refused = problem instanceof ClusterError
  const text = refused ? problem.message : String((problem as Error).stack)
  log('failed', { code: refused ? problem.code : 'INTERNAL', text }, 'error')
  process.exitCode = refused ? 10 : 1
}

/** Listens from the first moment on. True without IPC: it was started by hand. */
async function untilTold(): Promise<boolean> {
  if (process.send === undefined) return true
  const told = await new Promise<boolean>(resolve => {
    process.once('message', () => resolve(true))
    process.once('disconnect', () => resolve(false))
    if (!process.connected) resolve(false)
  })
  if (process.connected) process.disconnect()
  return told
}

export {}
