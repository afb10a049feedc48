/** A cluster in a temporary directory, its supervisor in this process, and `kv` run against it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reachSupervisor } from '../../src/cluster/leftovers.js'
import { runSupervisor } from '../../src/cluster/run-supervisor.js'
import { prepared, processesOf } from '../../src/cluster/up.js'

export type Ran = {
  readonly exit: number | null
  readonly stdout: Buffer
  readonly text: string
  readonly errors: string
}

export type CliCluster = {
  readonly directory: string
  /** Runs `kv` with these words, on this cluster. */
  readonly kv: (words: readonly string[], input?: Uint8Array | string) => Promise<Ran>
  /** Ends the nodes and removes the directory. */
  readonly stop: () => Promise<void>
  readonly kill: (node: string) => Promise<void>
}

const startMs = 30_000
const bin = join(process.cwd(), 'bin', 'kv.js')

export async function startCliCluster(nodes = 3): Promise<CliCluster> {
  const home = await mkdtemp(join(tmpdir(), 'kv-test-'))
  const directory = join(home, 'test')
  const options = {
    directory,
    name: 'test',
    wanted: { nodes, basePort: 0, partitions: 16 },
    timeoutMs: startMs,
    taken: new Map<number, string>(),
    home,
  }
  const { file, supervisor } = await prepared(options, async ({ file }) => ({
    file,
    supervisor: await runSupervisor(directory, () => undefined),
  }))
  const control = await reachSupervisor(directory, file, startMs)
  if (control === undefined) throw new Error('the supervisor does not answer')
  const running = async () =>
    (await processesOf(control, startMs)).every(node => node.state === 'running')
  while (!(await running())) await new Promise(resolve => setTimeout(resolve, 20))
  return {
    directory,
    kv: (words, input) => runKv(words, { KV_CLUSTER: directory }, input),
    kill: async node => {
      await control.call({ type: 'act', node, action: 'kill' }, startMs, 'kill')
    },
    stop: async () => {
      control.close()
      await supervisor.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Runs `kv` to its end. Without input, standard input is a pipe that stays open. */
export async function runKv(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input?: Uint8Array | string,
): Promise<Ran> {
  const child = startKv(words, environment)
  if (input !== undefined) child.stdin?.end(input)
  const out: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout?.on('data', chunk => out.push(chunk))
  child.stderr?.on('data', chunk => errors.push(chunk))
  const exit = await new Promise<number | null>(resolve => child.on('close', resolve))
  child.stdin?.destroy()
  const stdout = Buffer.concat(out)
  return { exit, stdout, text: stdout.toString(), errors: Buffer.concat(errors).toString() }
}

/**
 * Through `env -u`, because the test runner puts a loader into the NODE_OPTIONS of all that a test
 * starts: it would slow down each `kv`, supervisor and node, and stand in their environment.
 */
export function startKv(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ChildProcess {
  const { KV_CLUSTER: _, KV_CREDENTIAL: __, KV_TIMEOUT: ___, ...inherited } = process.env
  return spawn('env', ['-u', 'NODE_OPTIONS', process.execPath, bin, ...words], {
    env: { ...inherited, ...environment },
  })
}

/**
 * Runs a shell command line on a pseudo-terminal (`script`); what the terminal would get. `typed`
 * is typed once something is asked.
 */
export async function onTerminal(
  line: string,
  environment: Readonly<Record<string, string>>,
  typed?: string,
): Promise<Ran> {
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: { ...process.env, ...environment, COLUMNS: '200' },
    stdio: [typed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const out: Buffer[] = []
  child.stdout?.on('data', chunk => out.push(chunk))
  if (typed !== undefined) child.stdout?.once('data', () => child.stdin?.write(typed))
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', reject)
  })
  const stdout = Buffer.concat(out)
  return { exit, stdout, text: stdout.toString(), errors: '' }
}
