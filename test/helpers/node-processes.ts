/** Real nodes in real processes, in a temporary directory, without a supervisor. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binaryOfHex } from '../../src/core/binary.ts'
import type { ClusterFile } from '../../src/core/config.ts'
import type { ClusterId } from '../../src/core/ids.ts'
import { childEnvironment } from '../../src/host/child-environment.ts'
import { newSecret, renderSecret, type SecretFile } from '../../src/wire/secret.ts'
import { RawClient } from './raw-client.ts'
import { RawPeer } from './raw-peer.ts'

export const nodeEntry = fileURLToPath(new URL('../../src/node/main.js', import.meta.url))

export type NodeProcess = {
  readonly name: string
  readonly port: number
  readonly child: ChildProcess
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>
}

/** The files of a cluster; nothing runs yet. */
export class NodeCluster {
  readonly directory: string
  readonly clusterFile: string
  readonly secret: SecretFile
  readonly file: ClusterFile
  readonly running = new Map<string, NodeProcess>()
  /** For Node itself, before the entry. */
  nodeFlags: readonly string[] = []

  private constructor(directory: string, file: ClusterFile, secret: SecretFile) {
    this.directory = directory
    this.clusterFile = join(directory, 'cluster.json')
    this.file = file
    this.secret = secret
    writeFileSync(join(directory, 'secret.json'), renderSecret(this.secret), { mode: 0o600 })
    this.write(file)
  }

  /** `count` nodes on ports that were free a moment ago. */
  static async make(directory: string, count: number): Promise<NodeCluster> {
    const ports = await freePorts(count)
    const replicas = Math.min(3, count)
    const quorum = Math.min(2, count)
    const nodes = ports.map((port, i) => ({
      name: `n${i + 1}`,
      host: '127.0.0.1' as const,
      port,
      zone: '',
      weight: 1,
      store: randomBytes(8).toString('hex'),
      intent: 'up' as const,
    }))
    const file: ClusterFile = {
      formatVersion: 1,
      id: randomBytes(16).toString('hex'),
      name: 'test',
      createdAt: Date.now(),
      replicas,
      readQuorum: quorum,
      writeQuorum: quorum,
      partitions: 64,
      fallbacks: 0,
      durability: 'durable',
      hash: 'sha256',
      security: { mode: 'secret', tls: 'off' },
      operator: null,
      basePort: 0,
      foundersMarked: false,
      valueBytesMax: 1024 * 1024,
      readRepair: 'blocking',
      hintQuota: 0.1,
      nodes,
    }
    const secret = newSecret(count => randomBytes(count).toString('latin1'))
    return new NodeCluster(directory, file, secret)
  }

  /** The same cluster, in a copy of its directory; nothing of it runs. */
  copyTo(directory: string): NodeCluster {
    cpSync(this.directory, directory, { recursive: true })
    return new NodeCluster(directory, this.file, this.secret)
  }

  write(file: unknown): void {
    writeFileSync(this.clusterFile, JSON.stringify(file), { mode: 0o600 })
  }

  port(name: string): number {
    return this.file.nodes.find(node => node.name === name)!.port
  }

  /** Starts a node and waits until it says that it answers. */
  async start(name: string, ...args: string[]): Promise<NodeProcess> {
    const { node, ready } = this.launch(name, ...args)
    await ready
    return node
  }

  async startAll(): Promise<void> {
    await Promise.all(this.file.nodes.map(node => this.start(node.name)))
    await Promise.all(this.file.nodes.map(node => this.untilConnected(node.name)))
  }

  /** Starts a node; `ready` rejects where the process ends first. Plays the supervisor. */
  launch(name: string, ...args: string[]) {
    mkdirSync(join(this.directory, 'nodes', name), { recursive: true, mode: 0o700 })
    const log = openSync(this.log(name), 'a', 0o600)
    const own = ['--cluster-file', this.clusterFile, '--name', name, ...args]
    const child = spawn(process.execPath, [...this.nodeFlags, nodeEntry, ...own], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...childEnvironment(), NODE_V8_COVERAGE: process.env['NODE_V8_COVERAGE'] },
    })
    closeSync(log)
    const ended = new Promise<number | string>(resolve => {
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
    })
    const node: NodeProcess = { name, port: this.port(name), child, ended }
    this.running.set(name, node)
    const ready = new Promise<number>((resolve, reject) => {
      child.on('message', (message: { type: string; port: number }) => {
        if (message.type === 'created') child.send({ type: 'listen' })
        if (message.type === 'ready') resolve(message.port)
      })
      void ended.then(code => reject(new Error(`${name} ended with ${code}`)))
    })
    ready.catch(() => undefined)
    return { node, ready }
  }

  async kill(name: string, signal: NodeJS.Signals): Promise<number | string> {
    const node = this.running.get(name)!
    node.child.kill(signal)
    this.running.delete(name)
    return node.ended
  }

  /** Ends every process; for `t.teardown`. */
  async end(): Promise<void> {
    await Promise.all([...this.running.keys()].map(name => this.kill(name, 'SIGKILL')))
  }

  client(name: string): Promise<RawClient> {
    return RawClient.open(this.port(name), this.secret.network)
  }

  /** A client that says which one it is, or that it is an operator. */
  clientAs(name: string, as: { readonly client?: string; readonly operator?: boolean }) {
    return RawClient.open(this.port(name), this.secret.network, undefined, undefined, as)
  }

  /** A connection to a node of somebody who says that it is a node, too. */
  peer(to: string, as: string, start?: string): Promise<RawPeer> {
    const cluster = binaryOfHex(this.file.id) as ClusterId
    const given = start === undefined ? {} : { start }
    return RawPeer.open(this.port(to), this.secret.network, { cluster, node: as, ...given })
  }

  /** Waits until a node is connected to every other one that runs. */
  async untilConnected(name: string): Promise<void> {
    const client = await this.client(name)
    for (;;) {
      const { connected } = await client.status()
      if (connected.length >= this.running.size - 1) break
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    await client.close()
  }

  log(name: string): string {
    return join(this.directory, 'nodes', name, 'node.log')
  }

  logLines(name: string): readonly Record<string, unknown>[] {
    return readFileSync(this.log(name), 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line) as Record<string, unknown>)
  }
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      return new Promise<ReturnType<typeof createServer>>(resolve => {
        const server = createServer().listen(0, '127.0.0.1', () => resolve(server))
      })
    }),
  )
  return Promise.all(
    servers.map(server => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      return new Promise<number>(resolve => server.close(() => resolve(port)))
    }),
  )
}
