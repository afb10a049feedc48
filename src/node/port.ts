/** Whether a node may have its port, asked before its store is touched; binding it decides. */
import { createServer } from 'node:net'
import type { NodeSetup } from './node-setup.ts'
import { exitCodes, StartRefused } from './start-refused.ts'

type Listen = NodeSetup['listen']

/** Throws StartRefused if nobody could listen there now. */
export async function requirePort({ host, port }: Listen): Promise<void> {
  if (port === 0) return
  try {
    await new Promise<void>((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve()))
    })
  } catch (problem) {
    throw refusedPort(problem, { host, port })
  }
}

/** The system's error as one line for a person; any other thing as it is. */
export function refusedPort(problem: unknown, { host, port }: Listen): unknown {
  const code = (problem as NodeJS.ErrnoException | undefined)?.code
  const refused = (message: string) =>
    new StartRefused(exitCodes.refused, message, { cause: problem })
  if (code === 'EADDRINUSE') return refused(`port ${port} on ${host} is in use by another process`)
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return refused(`cannot listen on ${host}:${port} (${code})`)
  }
  return problem
}
