/**
 * Which ports a new cluster gets, and who holds one that is busy (ux 4.3). The node's own bind
 * decides in the end; the look before it is what lets `up` name the holder and choose others.
 * Chosen ports are written to the cluster file and never change.
 */
import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { ClusterError } from './cluster-error.ts'

const defaultBasePort = 4700
const host = '127.0.0.1'
const portMax = 65_535
const triesMax = 50
/** "Any" port is below the range that systems hand out for outgoing connections. */
const anyFrom = 10_000
const anyTo = 30_000

/**
 * A base such that base + 1 to base + count are free and not in `taken` (ports that other
 * clusters pinned). undefined: 4700, else 4720, 4740 and so on; 0: any; otherwise exactly that
 * one. Throws PORT_IN_USE, USAGE.
 */
export async function chooseBasePort(
  wanted: number | undefined,
  count: number,
  taken: ReadonlyMap<number, string>,
): Promise<number> {
  if (wanted !== undefined && wanted !== 0) {
    if (wanted + count > portMax) {
      throw new ClusterError('USAGE', `--base-port ${wanted}: there is no port ${portMax + 1}`)
    }
    await requireFreePorts(portsFrom(wanted, count), taken)
    return wanted
  }
  const step = Math.ceil((count + 1) / 20) * 20
  for (let i = 0; i < triesMax; i++) {
    const base = wanted === 0 ? randomInt(anyFrom, anyTo - count) : defaultBasePort + i * step
    const ports = portsFrom(base, count)
    if (ports.some(port => taken.has(port))) continue
    if ((await firstBusy(ports)) === undefined) return base
  }
  throw new ClusterError('PORT_IN_USE', `found no ${count} free ports in a row on ${host}`, [
    'kv cluster up --base-port 0',
  ])
}

function portsFrom(base: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => base + 1 + i)
}

/** Throws PORT_IN_USE, naming the cluster or process that holds the first busy port. */
export async function requireFreePorts(
  ports: readonly number[],
  taken: ReadonlyMap<number, string> = new Map(),
): Promise<void> {
  const port = await firstBusy(ports)
  if (port === undefined) return
  const cluster = taken.get(port)
  if (cluster !== undefined) throw usedByCluster(port, cluster)
  const pid = listenerOn(port)
  if (pid === undefined) throw new ClusterError('PORT_IN_USE', `port ${port} is in use`)
  const name = clusterNameOfNode(pid)
  if (name !== undefined) throw usedByCluster(port, name)
  throw new ClusterError('PORT_IN_USE', `port ${port} is in use by process ${pid}`)
}

function usedByCluster(port: number, name: string): ClusterError {
  return new ClusterError('PORT_IN_USE', `port ${port} is used by cluster "${name}"`, [
    `kv cluster down ${name}`,
  ])
}

async function firstBusy(ports: readonly number[]): Promise<number | undefined> {
  const free = await Promise.all(ports.map(isFree))
  return ports.find((_, i) => free[i] === false)
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** The process of this user that listens on the port; undefined where nobody can tell. */
function listenerOn(port: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  const inode = inodeOfListener(port)
  if (inode === undefined) return undefined
  for (const pid of entriesOf('/proc')) {
    if (/^[0-9]+$/.test(pid) && holdsSocket(pid, inode)) return Number(pid)
  }
  return undefined
}

/** Lines of /proc/net/tcp: sl, local address, remote address, state (0A: listens), ..., inode. */
function inodeOfListener(port: number): string | undefined {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(table)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(local) && fields[3] === '0A') return fields[9]
    }
  }
  return undefined
}

function holdsSocket(pid: string, inode: string): boolean {
  return entriesOf(`/proc/${pid}/fd`).some(fd => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`
    } catch {
      return false
    }
  })
}

/** A node's command line names its cluster file, and that file the cluster. */
function clusterNameOfNode(pid: number): string | undefined {
  const args = readLines(`/proc/${pid}/cmdline`).join('\n').split('\0')
  const path = args[args.indexOf('--cluster-file') + 1]
  if (path === undefined || !args.includes('--cluster-file')) return undefined
  try {
    const name: unknown = Reflect.get(Object(JSON.parse(readFileSync(path, 'utf8'))), 'name')
    return typeof name === 'string' && /^[a-z0-9-]{1,32}$/.test(name) ? name : undefined
  } catch {
    return undefined
  }
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'latin1').split('\n')
  } catch {
    return []
  }
}
