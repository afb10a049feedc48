/** Starts three nodes of the product, and drives them with the package's own client. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientHash } from '../src/client/hash.ts'
import { type Client, type Context, connect } from '../src/client/index.ts'
import { newClusterFile } from '../src/cluster/settings.ts'
import { decodeContext } from '../src/core/causality/context.ts'
import { encodeObject } from '../src/core/causality/object.ts'
import { encodeRecord } from '../src/core/causality/record.ts'
import type { Version } from '../src/core/causality/siblings.ts'
import type { Key, OpId } from '../src/core/ids.ts'
import { coreSecrets, newSecret, renderSecret } from '../src/wire/secret.ts'
import { type Contender, noFaults, quorum, type Usage } from './contender.ts'
import { type KeySet, valueBytes } from './key-set.ts'

export type Product = Contender & {
  /** Mean bytes of a record now, from the contexts that the client carries. */
  readonly recordBytes: () => number
}

const nodeEntry = fileURLToPath(new URL('../src/node/main.js', import.meta.url))
const nodeNames = ['n1', 'n2', 'n3'] as const
const secret = newSecret(count => randomBytes(count).toString('latin1'))

/** `flags`: for each node's own Node. */
export async function startProduct(
  directory: string,
  keys: KeySet,
  flags: readonly string[],
  profile?: string,
): Promise<Product> {
  const nodes = await startNodes(directory, flags, profile)
  const client = await connect({ cluster: directory, maxInFlight: 4096 })
  await untilAllConnected(client)
  const contexts: Context[] = []
  const faults = noFaults()
  return {
    name: 'product',
    faults,
    put: async key => {
      const value = keys.nextValue(key)
      const context = contexts[key] ?? (await client.get(keys.name(key))).context
      try {
        const wrote = await client.put(keys.name(key), value, { context })
        contexts[key] = wrote.context
        faults.siblings += wrote.siblings
      } catch {
        faults.errors++
      }
    },
    get: async key => {
      try {
        const entry = await client.get(keys.name(key))
        if (entry.found && entry.conflict) faults.siblings++
        else if (!entry.found || !keys.holds(key, entry.value)) faults.mismatches++
      } catch {
        faults.errors++
      }
    },
    usage: () => usageOf(client),
    verify: async sample => {
      for (const key of sample) if (!(await isOnQuorum(client, keys, key))) faults.lost++
    },
    recordBytes: () => meanRecordBytes(keys, contexts),
    close: async () => {
      await client.close()
      await Promise.all(nodes.map(end))
    },
  }
}

/**
 * The nodes of a new cluster in this directory, started as the supervisor starts them.
 * `profile`: a directory where the first node writes its CPU profile when it ends.
 */
async function startNodes(
  directory: string,
  flags: readonly string[],
  profile: string | undefined,
): Promise<readonly ChildProcess[]> {
  const ports = await freePorts(nodeNames.length)
  const file = newClusterFile('bench', { nodes: 3, fallbacks: 0 }, 1024, Date.now())
  const nodes = file.nodes.map((node, i) => ({ ...node, port: ports[i] }))
  const clusterFile = join(directory, 'cluster.json')
  writeFileSync(clusterFile, JSON.stringify({ ...file, basePort: 0, nodes }), { mode: 0o600 })
  writeFileSync(join(directory, 'secret.json'), renderSecret(secret), { mode: 0o600 })
  return Promise.all(
    nodeNames.map((name, i) => {
      mkdirSync(join(directory, 'nodes', name), { recursive: true, mode: 0o700 })
      const own = i === 0 && profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
      const all = [...flags, ...own, nodeEntry, '--cluster-file', clusterFile]
      return startNode(directory, name, all)
    }),
  )
}

/** Ends a node cleanly; a profile is written only so. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const tooLate = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(tooLate)
}

function startNode(directory: string, name: string, args: string[]): Promise<ChildProcess> {
  const log = openSync(join(directory, 'nodes', name, 'node.log'), 'a', 0o600)
  const child = spawn(process.execPath, [...args, '--name', name], {
    stdio: ['ignore', log, log, 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.on('message', message => {
      const type: unknown = Reflect.get(Object(message), 'type')
      if (type === 'created') child.send({ type: 'listen' })
      if (type === 'ready') resolve(child)
    })
    child.once('exit', code => reject(new Error(`${name} ended with ${code}`)))
  })
}

async function untilAllConnected(client: Client): Promise<void> {
  for (const name of nodeNames) {
    for (;;) {
      const { connected } = await client.status(name)
      if (connected.length === nodeNames.length - 1) break
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

async function usageOf(client: Client): Promise<Usage> {
  const sum = { userUs: 0, systemUs: 0, commits: 0, rows: 0 }
  for (const name of nodeNames) {
    const counters = new Map((await client.status(name)).counters)
    sum.userUs += counters.get('cpuUserUs') ?? 0
    sum.systemUs += counters.get('cpuSystemUs') ?? 0
    sum.commits += counters.get('commits') ?? 0
    sum.rows += counters.get('rows') ?? 0
  }
  return sum
}

/** The dot that a get shows is live in at least W stores, and nothing else is. */
async function isOnQuorum(client: Client, keys: KeySet, key: number): Promise<boolean> {
  const entry = await client.get(keys.name(key))
  if (!entry.found || entry.conflict || !keys.holds(key, entry.value)) return false
  const { actor, counter } = entry.dot
  const { replicas } = await client.inspect(keys.name(key))
  const holders = replicas.filter(({ versions: [only, ...others] }) => {
    return others.length === 0 && only?.dot.actor === actor && only.dot.counter === counter
  })
  return holders.length >= quorum
}

function meanRecordBytes(keys: KeySet, contexts: readonly Context[]): number {
  let sum = 0
  let count = 0
  for (let key = 0; key < keys.size; key += Math.ceil(keys.size / 500)) {
    const context = contexts[key]
    if (context === undefined) continue
    sum += recordBytes(keys.name(key) as Key, context)
    count++
  }
  return count === 0 ? valueBytes : Math.round(sum / count)
}

/** Of a record with this context's vector and operations, and one version. */
function recordBytes(key: Key, context: Context): number {
  const seen = decodeContext(clientHash, coreSecrets(secret).context, key, context)?.seen
  const dot = seen?.vector[0]
  if (seen === undefined || dot === undefined) throw new Error('the context cannot be read')
  const version: Version = {
    dot,
    op: seen.ops[0] ?? ('\0'.repeat(12) as OpId),
    tombstone: false,
    checksum: 0,
    at: Date.now(),
    via: nodeNames[0] as Version['via'],
    value: new Uint8Array(valueBytes),
  }
  const object = encodeObject({ ...seen, versions: [version] })
  const field = { actor: dot.actor, start: dot.actor as never }
  const common = { object, digest: '\0'.repeat(8), time: 0, generation: 0 }
  const coordinated = encodeRecord(clientHash, key, { ...common, field }).length
  const copied = encodeRecord(clientHash, key, { ...common, field: undefined }).length
  // Rows that their node once coordinated carry its field: as many as there are actors.
  const share = Math.min(1, seen.vector.length / nodeNames.length)
  return share * coordinated + (1 - share) * copied
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      return new Promise<Server>(resolve => {
        const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
      })
    }),
  )
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}
