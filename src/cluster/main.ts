/**
 * The detached process that supervises one local cluster: `main.js --directory DIR`. Its output
 * is its log. Exit codes: 0 after a `down`, 10 where it may not or cannot run this cluster.
 */
import { ClusterError } from './cluster-error.ts'
import type { Report } from './node-process.ts'
import { runSupervisor } from './run-supervisor.ts'
import { logLine } from './supervisor-log.ts'

process.umask(0o077)
const directory = process.argv[process.argv.indexOf('--directory') + 1]

const log: Report = (...report) => {
  console.log(logLine(...report))
}

try {
  if (directory === undefined) throw new ClusterError('USAGE', 'wanted: --directory DIR')
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
