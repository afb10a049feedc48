/** A cluster in a temporary directory, its supervisor in this process, and `kv` run against it. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reachSupervisor } from '../../src/cluster/leftovers.ts'
import type { Action } from '../../src/cluster/node-process.ts'
import { runSupervisor } from '../../src/cluster/run-supervisor.ts'
import { processesOf } from '../../src/cluster/until-ready.ts'
import { prepared } from '../../src/cluster/up.ts'

export type Ran = {
  readonly exit: number | null
  readonly stdout: Buffer
  readonly text: string
  readonly errors: string
}

export type CliCluster = {
  readonly directory: string
  /**
   * Runs `kv` with these words, on this cluster: in a process that runs one command after the
   * other, or with input in one of its own.
   */
  readonly kv: (words: readonly string[], input?: Uint8Array | string) => Promise<Ran>
  /** Ends the nodes and removes the directory. */
  readonly stop: () => Promise<void>
  readonly act: (node: string, action: Action) => Promise<void>
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
  const host = new KvHost()
  return {
    directory,
    kv: (words, input) =>
      input === undefined
        ? host.run(words, directory)
        : runKv(words, { KV_CLUSTER: directory }, input),
    act: async (node, action) => {
      await control.call({ type: 'act', node, action }, startMs, action)
    },
    stop: async () => {
      host.end()
      control.close()
      await supervisor.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The process of `fixtures/kv-host.ts`. */
class KvHost {
  readonly #child = fork(hostPath, { env: hostEnvironment(), serialization: 'advanced' })
  readonly #waiting = new Map<number, (ran: Ran) => void>()
  #last = 0

  constructor() {
    this.#child.on('message', (answer: Answer) => {
      const { exit, stdout, stderr } = answer
      const [out, errors] = [Buffer.from(stdout), Buffer.from(stderr).toString()]
      this.#waiting.get(answer.id)?.({ exit, stdout: out, text: out.toString(), errors })
    })
  }

  run(words: readonly string[], cluster: string): Promise<Ran> {
    const id = ++this.#last
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, words, cluster })
    })
  }

  end(): void {
    this.#child.disconnect()
  }
}

type Answer = {
  readonly id: number
  readonly exit: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

const hostPath = fileURLToPath(new URL('../fixtures/kv-host.js', import.meta.url))

function hostEnvironment(): NodeJS.ProcessEnv {
  return { ...inherited(), NODE_ENV: 'production' }
}

/** Runs `kv` to its end. Without input, standard input is a pipe that stays open. */
export async function runKv(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input?: Uint8Array | string,
): Promise<Ran> {
  const child = startKv(words, environment)
  if (input !== undefined) child.stdin?.end(input)
  child.stdin?.on('error', () => undefined)
  const ran = await endOf(child)
  child.stdin?.destroy()
  return ran
}

/** Starts `kv`; `stdout` is a pipe unless it is an open file. */
export function startKv(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  stdout: 'pipe' | number = 'pipe',
  cwd = process.cwd(),
): ChildProcess {
  const env = { ...inherited(), ...environment }
  return spawn(process.execPath, [bin, ...words], { cwd, env, stdio: ['pipe', stdout, 'pipe'] })
}

/** Runs a script in bash with `kv` in it as a command, in a directory. */
export async function runScript(
  script: string,
  environment: Readonly<Record<string, string>>,
  cwd = process.cwd(),
): Promise<Ran> {
  const kv = `kv() { "${process.execPath}" "${bin}" "$@"; }\n`
  const env = { ...inherited(), ...environment }
  return endOf(spawn('bash', ['-c', kv + script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }))
}

async function endOf(child: ChildProcess): Promise<Ran> {
  const out: Buffer[] = []
  const errors: Buffer[] = []
  child.stdout?.on('data', chunk => out.push(chunk))
  child.stderr?.on('data', chunk => errors.push(chunk))
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', reject)
  })
  const stdout = Buffer.concat(out)
  return { exit, stdout, text: stdout.toString(), errors: Buffer.concat(errors).toString() }
}

/** The environment of these tests without what would change what `kv` does. */
function inherited(): NodeJS.ProcessEnv {
  const names = /^(KV_|XDG_|TAP|NO_COLOR$|FORCE_COLOR$|CI$|NODE_OPTIONS$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.test(name)))
}
