/**
 * One node under a supervisor: its process, if there is one, and what becomes of it when it ends.
 * A crash is followed by another start, after a pause that grows; a node that refuses to start is
 * left alone; one that lacks something from outside (room on the disk, a process) waits for it.
 * Once closed it starts nothing any more, whoever asks and whatever was under way.
 */
import type { Intent } from '../core/config.ts'
import type { ProcessIdentity } from '../host/process-identity.ts'
import { ClusterError } from './cluster-error.ts'
import type { Ending } from './end-processes.ts'
import { lastWords } from './last-lines.ts'
import type { NodeProcess, ProcessState, Report } from './node-process.ts'
import {
  afterCrash,
  type CrashHistory,
  noCrashes,
  restartDelayMs,
  waitingDelayMs,
} from './restart-policy.ts'
import type { Exit, SpawnedNode } from './spawn.ts'

export type ChildHost = {
  readonly spawn: (onMessage: (message: unknown) => void) => SpawnedNode
  /** The end of its log. */
  readonly lastLines: () => readonly string[]
  /** It has another process, or none any more. */
  readonly changed: () => void
  /** It is ready, with this store. */
  readonly ready: (store: unknown) => void
  readonly report: Report
}

export class NodeChild {
  readonly name: string
  readonly #host: ChildHost
  #state: ProcessState
  #spawned: SpawnedNode | undefined
  /** The process that was asked to go, until it is dead. */
  #leaving: SpawnedNode | undefined
  #ending: Promise<Ending> | undefined
  #closed = false
  #startedAt: number | undefined
  #upSince = 0
  #restarts = 0
  #crashes: CrashHistory = noCrashes
  /** Starts in a row that lacked something. */
  #lacks = 0
  #waitsFor: string | undefined
  #lastLines: readonly string[] = []
  #timer: NodeJS.Timeout | undefined
  /** A founder's store exists; its node waits for the word to listen. */
  #founded = false
  /** Called when the node has made its store, becomes ready, or its process ends. */
  readonly #settled = new Set<() => void>()

  constructor(name: string, intent: Intent, host: ChildHost) {
    this.name = name
    this.#host = host
    // A process paused under an earlier supervisor was ended with it.
    this.#state = intent === 'killed' ? 'killed' : 'stopped'
  }

  /** What the process really is: somebody may have stopped it with a signal of their own. */
  get state(): ProcessState {
    if (this.#spawned?.identity === undefined || this.#state === 'starting') return this.#state
    return this.#spawned.liveness() === 'paused' ? 'paused' : 'running'
  }

  get identity(): ProcessIdentity | undefined {
    return (this.#spawned ?? this.#leaving)?.identity
  }

  get process(): NodeProcess {
    return {
      name: this.name,
      state: this.state,
      pid: this.identity?.pid,
      startedAt: this.#startedAt,
      restarts: this.#restarts,
      waitsFor: this.#waitsFor,
      lastLines: this.#lastLines,
    }
  }

  /** Starts nothing from now on. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** Starts its process. Throws BUSY once closed, CLUSTER_CONFLICT beside one that does not die. */
  spawn(): void {
    this.refuseIfClosed()
    if (this.#leaving !== undefined) throw this.#notDead()
    const spawned = this.#host.spawn(message => this.#heard(spawned, message))
    this.#spawned = spawned
    this.#state = 'starting'
    this.#startedAt = Date.now()
    this.#upSince = performance.now()
    this.#waitsFor = undefined
    this.#lastLines = []
    void spawned.exited.then(exit => this.#exited(spawned, exit))
    this.#host.changed()
  }

  /**
   * Starts it unless it is starting, and returns when it is ready. Throws STORE_FULL (no room on
   * the disk), CLUSTER_CONFLICT (it ended, with its last words), BUSY (closed).
   */
  async start(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#spawned === undefined) {
      this.#crashes = noCrashes
      this.spawn()
    }
    // It may be ready already, and a founder that has made its store is not ready yet.
    while (this.#spawned !== undefined && this.#state === 'starting') await this.#untilSettled()
    this.refuseIfClosed()
    if (this.state === 'running') return
    throw this.#notStarted()
  }

  /** Returns when it has made its store; throws STORE_REFUSED if it does not. */
  async untilFounded(): Promise<void> {
    if (!this.#founded) await this.#untilSettled()
    if (this.#founded) return
    this.refuseIfClosed()
    const why = this.#waitsFor ?? lastWords(this.#lastLines)
    throw new ClusterError('STORE_REFUSED', `${this.name} could not make its store: ${why}`)
  }

  tellToListen(): void {
    this.#spawned?.tell({ type: 'listen' })
  }

  /**
   * Ends its process, if it has one; one that is being ended is waited for. Rejects if it does not
   * die: then it stays this node's process, and another call tries again.
   */
  end(as: 'stopped' | 'killed'): Promise<Ending> {
    clearTimeout(this.#timer)
    this.#waitsFor = undefined
    if (this.#ending === undefined) this.#state = as
    this.#ending ??= this.#end(as === 'killed').finally(() => {
      this.#ending = undefined
    })
    return this.#ending
  }

  /** Stops or continues its process. Throws BUSY once closed. */
  async pause(pause: boolean): Promise<void> {
    this.refuseIfClosed()
    await this.#spawned?.pause(pause)
  }

  refuseIfClosed(): void {
    if (this.#closed) throw new ClusterError('BUSY', 'the cluster is being stopped')
  }

  async #end(atOnce: boolean): Promise<Ending> {
    const spawned = this.#spawned ?? this.#leaving
    if (spawned === undefined) return 'gone'
    // Whatever ends it now is no crash: #exited leaves it alone.
    this.#spawned = undefined
    this.#leaving = spawned
    this.#startedAt = undefined
    this.#settle()
    const ending = await spawned.end(atOnce)
    await spawned.exited
    return ending
  }

  #heard(from: SpawnedNode, message: unknown): void {
    if (this.#spawned !== from || typeof message !== 'object' || message === null) return
    const type = Reflect.get(message, 'type')
    if (type === 'created') this.#founded = true
    else if (type === 'ready') {
      this.#state = 'running'
      this.#lacks = 0
      this.#host.ready(Reflect.get(message, 'store'))
    } else return
    const ms = Math.round(performance.now() - this.#upSince)
    this.#host.report(type, { about: this.name, ms })
    this.#settle()
  }

  #exited(who: SpawnedNode, exit: Exit): void {
    if (this.#leaving === who) {
      this.#leaving = undefined
      this.#host.changed()
    }
    // #end took it out: it was asked to go.
    if (this.#spawned !== who) return
    const now = performance.now()
    this.#spawned = undefined
    this.#startedAt = undefined
    this.#waitsFor = lackOf(exit)
    const isCrash = this.#waitsFor === undefined
    if (isCrash) this.#crashes = afterCrash(this.#crashes, now, now - this.#upSince)
    else this.#lacks++
    const delay = this.#nextStartMs(exit)
    this.#state = isCrash ? (delay === undefined ? 'crashed' : 'starting') : 'waiting'
    this.#lastLines = this.#host.lastLines()
    this.#reportExit(exit, delay)
    this.#settle()
    this.#host.changed()
    if (delay === undefined || this.#closed) return
    this.#timer = setTimeout(() => {
      if (isCrash) this.#restarts++
      this.spawn()
    }, delay)
  }

  /** Milliseconds; undefined: not by itself. */
  #nextStartMs(exit: Exit): number | undefined {
    if (this.#waitsFor !== undefined) return waitingDelayMs(this.#lacks)
    if (refusedExits.includes(exit.code)) return undefined
    return restartDelayMs(this.#crashes, Math.random())
  }

  #reportExit(exit: Exit, delay: number | undefined): void {
    const again = delay === undefined ? 'no' : `${Math.round(delay)} ms`
    const about = this.name
    if (exit.notStarted !== undefined) {
      this.#host.report('not-started', { about, text: exit.notStarted, again }, 'warn')
    } else {
      const code = exit.code ?? exit.signal ?? 'unknown'
      const text = this.#waitsFor === undefined ? {} : { text: `waits for ${this.#waitsFor}` }
      this.#host.report('exited', { about, code, again, ...text }, 'warn')
    }
  }

  #notDead(): ClusterError {
    const text = `${this.name} cannot start: its process ${this.identity?.pid} does not die`
    return new ClusterError('CLUSTER_CONFLICT', text, [`kv node kill ${this.name} tries again`])
  }

  #notStarted(): ClusterError {
    const { name } = this
    const see = `kv cluster logs -n ${name}`
    if (this.#waitsFor !== undefined) {
      const code = this.#waitsFor === room ? 'STORE_FULL' : 'CLUSTER_CONFLICT'
      const text = `${name} did not start and is tried again; it waits for ${this.#waitsFor}`
      return new ClusterError(code, text, [see])
    }
    const words = lastWords(this.#lastLines)
    const isLost = /holds no store|is missing although/.test(words)
    const wipe = isLost ? [`kv node wipe ${name} --start begins a new, empty store`] : []
    const text = `${name} did not start: ${words}`
    return new ClusterError('CLUSTER_CONFLICT', text, [...wipe, see])
  }

  #untilSettled(): Promise<void> {
    return new Promise(resolve => {
      this.#settled.add(resolve)
    })
  }

  #settle(): void {
    for (const resolve of this.#settled) resolve()
    this.#settled.clear()
  }
}

const room = 'room on the disk'
/** A node's word that another start changes nothing: store, port or file refused; secret unsafe. */
const refusedExits: readonly (number | null)[] = [10, 11]
/** A node's word that the disk had no room for its start. */
const noRoomExit = 12

/** What was missing outside of the node; undefined: nothing was, so it crashed or refused. */
function lackOf(exit: Exit): string | undefined {
  if (exit.notStarted !== undefined) return `a process: ${exit.notStarted}`
  return exit.code === noRoomExit ? room : undefined
}
