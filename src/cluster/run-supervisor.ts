/**
 * A supervisor at work: its lock, its control socket, its trace in `supervisor.json`, and the
 * nodes. Hosted by the detached process of `main.ts`, or by `kv cluster up --foreground`.
 */
import { rm } from 'node:fs/promises'
import { identityOf } from '../host/process-identity.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf, requireClusterFile } from './cluster-file.ts'
import type { ControlReply, ControlRequest } from './control-message.ts'
import { type ControlServer, listenControl } from './control-server.ts'
import { takeLock } from './lock-file.ts'
import type { Report } from './node-process.ts'
import { readControlSecret } from './secret-file.ts'
import { hostIn, Supervisor } from './supervisor.ts'
import { writeSupervisorFile } from './supervisor-file.ts'

export type RunningSupervisor = {
  /** Ends every node and then the supervisor's own traces; the same promise each time. */
  readonly stop: () => Promise<void>
  /** Resolves once it has stopped, whoever asked for it. */
  readonly stopped: Promise<void>
}

/**
 * Starts the nodes of the cluster in this directory and answers on the control socket. Returns
 * once their processes exist. Throws CLUSTER_CONFLICT where another supervisor is at work.
 */
export async function runSupervisor(directory: string, report: Report): Promise<RunningSupervisor> {
  const locked = takeLock(pathsOf(directory).supervisorLock)
  if (locked.type === 'busy') {
    const who = locked.holder === undefined ? '' : ` (process ${locked.holder.pid})`
    throw new ClusterError('CLUSTER_CONFLICT', `another supervisor is at work here${who}`)
  }
  const work = new Work(directory, report)
  try {
    await work.begin()
  } catch (problem) {
    await work.end()
    locked.release()
    throw problem
  }
  const stopped = work.ended.then(() => locked.release())
  return {
    stop: async () => {
      await work.end()
      await stopped
    },
    stopped,
  }
}

class Work {
  readonly #directory: string
  readonly #report: Report
  readonly ended: Promise<void>
  #supervisor: Supervisor | undefined
  #control: ControlServer | undefined
  #resolveEnded: () => void = () => undefined
  #ending: Promise<void> | undefined
  #startedAt = Date.now()
  #traces: Promise<void> = Promise.resolve()

  constructor(directory: string, report: Report) {
    this.#directory = directory
    this.#report = report
    this.ended = new Promise(resolve => {
      this.#resolveEnded = resolve
    })
  }

  async begin(): Promise<void> {
    const file = await requireClusterFile(this.#directory)
    const secret = await readControlSecret(this.#directory, file)
    const supervisor = new Supervisor(file, hostIn(this.#directory), {
      changed: () => this.#trace(),
      report: this.#report,
    })
    this.#supervisor = supervisor
    const socket = pathsOf(this.#directory).socket
    this.#control = await listenControl(socket, secret, request => this.#answer(request))
    this.#trace()
    await supervisor.start()
    await this.#traces
  }

  /** Ends nodes, socket and trace; the same promise each time. It never rejects. */
  end(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    const isEmpty = await this.#stopNodes()
    await this.#control?.close()
    await this.#traces
    if (isEmpty) await rm(pathsOf(this.#directory).supervisorFile, { force: true })
    this.#resolveEnded()
  }

  /** False: a process does not die. The trace stays and names it to the next `up` or `down`. */
  async #stopNodes(): Promise<boolean> {
    try {
      await this.#supervisor?.stop()
      return true
    } catch (problem) {
      this.#report('not-ended', { text: String(problem) }, 'error')
      return false
    }
  }

  async #answer(request: ControlRequest): Promise<ControlReply> {
    const supervisor = this.#supervisor
    try {
      if (supervisor === undefined) throw new ClusterError('BUSY', 'the supervisor is starting')
      return await this.#perform(supervisor, request)
    } catch (problem) {
      // A full disk, say: the nodes must not end with a supervisor that could not write a file.
      const text = problem instanceof Error ? problem.message : String(problem)
      const { code, message, suggestions } =
        problem instanceof ClusterError ? problem : new ClusterError('INTERNAL', text)
      return { type: 'refused', id: request.id, code, message, suggestions }
    }
  }

  async #perform(supervisor: Supervisor, request: ControlRequest): Promise<ControlReply> {
    const { id } = request
    switch (request.type) {
      case 'processes':
        return { type: 'processes-are', id, pid: process.pid, nodes: supervisor.processes() }
      case 'act':
        return { type: 'acted', id, ...(await supervisor.act(request.node, request.action)) }
      case 'down': {
        const endings = [...(await supervisor.stop())]
        // Behind the reply, which must still go out.
        setImmediate(() => void this.end())
        return { type: 'ended', id, endings }
      }
    }
  }

  /** One write after the other, each of what is true when it is made. */
  #trace(): void {
    this.#traces = this.#traces.then(async () => {
      const self = identityOf(process.pid)
      if (self === undefined || this.#control === undefined || this.#ending !== undefined) return
      await writeSupervisorFile(this.#directory, {
        formatVersion: 1,
        supervisor: self,
        startedAt: this.#startedAt,
        socket: this.#control.socket,
        nodes: this.#supervisor?.identities() ?? [],
      })
    })
    // It is a help for later, and no reason to end the nodes now.
    this.#traces = this.#traces.catch(problem => {
      this.#report('no-trace', { text: String(problem) })
    })
  }
}
