/**
 * Local clusters as a person has them: `kv` in processes of its own, all state under a temporary
 * home, and a look at what processes there are that owes nothing to the product's own records.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { connect } from '../../src/client/index.ts'
import { pathsOf, requireClusterFile } from '../../src/cluster/cluster-file.ts'
import { isDeadWithin } from '../../src/cluster/end-processes.ts'
import { identityOf, type ProcessIdentity, signalProcess } from '../../src/host/process-identity.ts'
import { type Ran, runKv, startKv } from './cli-cluster.ts'

const breakOffs = ['SIGTERM', 'SIGINT', 'SIGALRM'] as const

export type ShownNode = {
  readonly name: string
  readonly state: string
  readonly pid?: number
  readonly port?: number
  readonly answers?: boolean
  readonly restarts?: number
  readonly problem?: string
  readonly lastLines?: readonly string[]
}

export class LocalClusters {
  readonly home: string
  readonly environment: Readonly<Record<string, string>>

  private constructor(home: string) {
    this.home = home
    this.environment = { XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config') }
  }

  /** Ends with the test; fails it where a process is left behind. */
  static async make(t: Test): Promise<LocalClusters> {
    const clusters = new LocalClusters(await mkdtemp(join(tmpdir(), 'kv-life-')))
    // A test that is broken off (by hand, or by the runner's patience) ends what it started, too:
    // first each `kv` that could start more; the home is in its environment.
    const breakOff = () => {
      for (const what of ['environ', 'cmdline'] as const) {
        for (const one of clusters.processes(clusters.home, what)) signalProcess(one, 'SIGKILL')
      }
    }
    process.once('exit', breakOff)
    for (const signal of breakOffs) process.prependOnceListener(signal, breakOff)
    t.teardown(async () => {
      await clusters.kv(['cluster', 'down', '--all'])
      const left = await clusters.#kill()
      process.off('exit', breakOff)
      for (const signal of breakOffs) process.off(signal, breakOff)
      await rm(clusters.home, { recursive: true, force: true })
      if (left.length > 0) throw new Error(`left behind: ${JSON.stringify(left)}`)
    })
    return clusters
  }

  kv(words: readonly string[], input?: string): Promise<Ran> {
    return runKv(words, this.environment, input)
  }

  start(words: readonly string[]) {
    return startKv(words, this.environment)
  }

  /** Runs `kv ... --json`, which must end so; its document. */
  async json<Document>(words: readonly string[], exit = 0): Promise<Document> {
    const ran = await this.kv([...words, '--json'])
    if (ran.exit === exit) return JSON.parse(ran.text)
    throw new Error(`kv ${words.join(' ')}: exit ${ran.exit}\n${ran.text}${ran.errors}`)
  }

  /** Starts it on any free ports; throws unless all its nodes run. */
  async up(name: string, ...words: readonly string[]): Promise<readonly ShownNode[]> {
    const up = await this.json<{ nodes: readonly ShownNode[] }>([
      'cluster',
      'up',
      name,
      '--base-port',
      '0',
      ...words,
    ])
    if (up.nodes.every(node => node.state === 'running')) return up.nodes
    throw new Error(`not all run: ${JSON.stringify(up)}`)
  }

  async nodes(name: string): Promise<readonly ShownNode[]> {
    return (await this.json<{ nodes: readonly ShownNode[] }>(['cluster', 'status', name])).nodes
  }

  directory(name: string): string {
    return join(this.home, 'data', 'kv', 'clusters', name)
  }

  /** Every process that runs with this home in its command line: supervisors, nodes, `kv --dir`. */
  processes(
    within = this.home,
    what: 'cmdline' | 'environ' = 'cmdline',
  ): readonly ProcessIdentity[] {
    return readdirSync('/proc').flatMap(entry => {
      if (!/^[0-9]+$/.test(entry) || !textOf(entry, what).includes(within)) return []
      return identityOf(Number(entry)) ?? []
    })
  }

  /** The supervisor's process, found by its command line. */
  supervisor(name: string): ProcessIdentity {
    const directory = this.directory(name)
    const one = this.processes(directory).find(({ pid }) => {
      return commandLine(String(pid)).includes('--directory')
    })
    if (one === undefined) throw new Error(`no supervisor of ${name}`)
    return one
  }

  node(name: string, node: string): ProcessIdentity {
    const one = this.processes(this.directory(name)).find(({ pid }) => {
      return commandLine(String(pid)).endsWith(`--name\0${node}\0`)
    })
    if (one === undefined) throw new Error(`no process of ${node}`)
    return one
  }

  /** Each node answers by itself, and all of them show these values. */
  async holds(name: string, wanted: Readonly<Record<string, string>>): Promise<void> {
    const directory = this.directory(name)
    const { nodes } = await requireClusterFile(directory)
    const client = await connect({ cluster: directory })
    for (const via of nodes.map(node => node.name)) {
      for (const [key, value] of Object.entries(wanted)) {
        const entry = await client.get(key, { via })
        const got = entry.found && !entry.conflict ? Buffer.from(entry.value).toString() : entry
        if (got !== value) throw new Error(`${key} through ${via}: ${JSON.stringify(got)}`)
      }
    }
    await client.close()
  }

  async put(name: string, values: Readonly<Record<string, string>>): Promise<void> {
    const client = await connect({ cluster: this.directory(name) })
    for (const [key, value] of Object.entries(values)) await client.put(key, value)
    await client.close()
  }

  async intents(name: string): Promise<readonly string[]> {
    return (await requireClusterFile(this.directory(name))).nodes.map(node => node.intent)
  }

  async supervisorLog(name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const text = await readFile(pathsOf(this.directory(name)).supervisorLog, 'utf8')
    return text.split('\n').flatMap(line => (line === '' ? [] : JSON.parse(line)))
  }

  async #kill(): Promise<readonly string[]> {
    const left = this.processes()
    const names = left.map(({ pid }) => `${pid} ${commandLine(String(pid))}`)
    for (const process of left) signalProcess(process, 'SIGKILL')
    await Promise.all(left.map(process => isDeadWithin(process, 10_000)))
    return names
  }
}

/** Ends exactly these as a power cut would, none seeing another's end, and waits for it. */
export async function killNow(...processes: readonly ProcessIdentity[]): Promise<void> {
  for (const process of processes) signalProcess(process, 'SIGSTOP')
  for (const process of processes) signalProcess(process, 'SIGKILL')
  for (const process of processes) {
    if (!(await isDeadWithin(process, 10_000))) throw new Error(`${process.pid} lives`)
  }
}

function commandLine(pid: string): string {
  return textOf(pid, 'cmdline')
}

/** With `\0` between the words; empty where there is no such process. */
function textOf(pid: string, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8')
  } catch {
    return ''
  }
}
