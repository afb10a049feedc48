/**
 * The detached process that supervises one local cluster: `main.js --directory DIR`. Its output
 * is its log. Exit codes: 0 after a `down`, 10 where it may not or cannot run this cluster.
 */
import { ClusterError } from './cluster-error.ts'
import { runSupervisor } from './run-supervisor.ts'

process.umask(0o077)
const directory = process.argv[process.argv.indexOf('--directory') + 1]

function log(
  event: string,
  detail: Readonly<Record<string, string | number>> = {},
  level = 'info',
): void {
  const head = { time: new Date().toISOString(), level, node: 'supervisor', event }
  console.log(JSON.stringify({ ...head, ...detail, ...head }))
}

try {
  if (directory === undefined) throw new ClusterError('USAGE', 'wanted: --directory DIR')
  const supervisor = await runSupervisor(directory, log)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void supervisor.stop())
  }
  await supervisor.stopped
  log('down')
} catch (problem) {
  const refused = problem instanceof ClusterError
  const text = refused ? problem.message : String((problem as Error).stack)
  log('failed', { code: refused ? problem.code : 'INTERNAL', text }, 'error')
  process.exitCode = refused ? 10 : 1
}
