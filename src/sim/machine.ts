/**
 * One machine of the world: its disk, its clocks, its luck, and the process that runs on it, if
 * one does. What outlives a process is here; what dies with it is in `process.ts`.
 */

import { sometimes } from '#mutants'
import type { NodeId, StartId, StoreId } from '../core/ids.ts'
import { wholenessRowKey } from '../core/row-key.ts'
import { Clock } from './clock.ts'
import type { Context, Transport } from './context.ts'
import { Disk, type Image } from './disk.ts'
import type { Draw } from './draw.ts'
import type { Micros } from './events.ts'
import type { CrashPoint } from './faults.ts'
import { Process } from './process.ts'
import { volumeOf } from './volume.ts'

/** A crash that waits for its point. */
export type Trap = {
  readonly point: CrashPoint
  skip: number
  readonly down: Micros
  readonly keeps: boolean
  readonly leaves: boolean
}

/** What a directory is: its rows, whose store it says it is, and whether it was born whole. */
export type Directory = { readonly image: Image; readonly store: StoreId; readonly whole: boolean }

export class Machine {
  readonly id: NodeId
  readonly disk: Disk
  readonly clock: Clock
  readonly luck: Draw
  readonly pace: Draw
  readonly context: Context
  readonly transport: Transport
  store: StoreId
  process: Process | undefined
  trap: Trap | undefined
  /** Each step costs so much. */
  stepCost: Micros = 0
  /** On top of every flush. */
  flushDelay: Micros = 0
  /** The next flush fails, and leaves the commit on the disk or not. */
  failure: { readonly keeps: boolean; readonly down: Micros } | undefined
  /** False where its host knows that the store may lack something. */
  whole = true
  paused = false
  starts = 0
  /** The commit number that the process found. */
  commitsAtStart = 0
  /** It never comes back. */
  buried = false
  #boots = 0

  constructor(id: NodeId, context: Context, transport: Transport) {
    const { draws, options } = context
    const clock = draws.of('clock', id)
    this.id = id
    this.disk = new Disk(volumeOf(options, draws.of('disk', id)))
    this.context = context
    this.transport = transport
    this.luck = draws.of('node/random', id)
    this.pace = draws.of('node/pace', id)
    this.store = draws.of('node/store', id).bytes(8) as StoreId
    const skewed = options.faults.clock !== undefined
    const offset = skewed ? clock.between(0, 23 * hourMs) : clock.between(-50, 50)
    this.clock = new Clock(clock.between(-500, 500), clock.between(1000, 10_000_000), offset)
  }

  get now(): Micros {
    return this.context.events.now
  }

  /** Starts a process on what the disk holds. */
  start(): void {
    if (this.process !== undefined || this.buried) return
    if (!this.disk.open()) return this.foundNoRoom('start')
    this.starts++
    this.commitsAtStart = this.disk.commits
    const start = this.luck.bytes(8) as StartId
    this.process = new Process(this, start)
    this.context.notice({ type: 'started', node: this.id, start })
    this.process.begin()
  }

  /** The process is killed; it is started again after `down`, if that is given. */
  crash(why: string, keeps: boolean, down: Micros | undefined): void {
    const { process, disk, context } = this
    this.#boots++
    if (process !== undefined) {
      process.end()
      this.process = undefined
      this.transport.ended(this)
      const unflushed = disk.unflushed
      if (unflushed !== undefined) sometimes(`a crash ${keeps ? 'keeps' : 'loses'} a commit`)
      const kept = disk.crash(keeps)
      const lost = kept ? undefined : unflushed
      if (kept && unflushed !== undefined) {
        context.notice({ type: 'durable', node: this.id, rows: unflushed })
      }
      context.notice({ type: 'ended', node: this.id, why, lost })
    }
    this.paused = false
    this.trap = undefined
    if (down !== undefined) this.#startAfter(down)
  }

  /** The process ends, or does not begin, and is tried again for as long as it takes. */
  foundNoRoom(at: 'start' | 'commit'): void {
    sometimes(`a disk has no room for a ${at}`)
    this.context.notice({ type: 'no-room', node: this.id, at })
    this.crash('its disk is full', false, roomRetry)
  }

  /** A copy of the directory as it is now. */
  copy(): Directory {
    return { image: this.disk.copy(), store: this.store, whole: this.whole }
  }

  /** An empty directory, in which a store is made when a process starts. */
  emptied(): Directory {
    const image = { rows: new Map(), commits: 0 }
    return { image, store: this.luck.bytes(8) as StoreId, whole: false }
  }

  /** The directory is replaced while no process runs; `unseen`: the host does not know. */
  replaceDisk({ image, store, whole }: Directory, unseen: boolean): void {
    const before = this.disk.rows
    const rows = new Map(image.rows)
    if (!unseen) rows.delete(wholenessRowKey)
    this.disk.replace({ ...image, rows })
    this.store = store
    this.whole = whole && unseen
    this.context.notice({ type: 'destroyed', node: this.id, before, rots: false })
  }

  pause(): void {
    if (this.process !== undefined) this.paused = true
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.process?.wake()
  }

  #startAfter(down: Micros): void {
    const boot = this.#boots
    this.context.events.after(down, () => {
      if (boot === this.#boots) this.start()
    })
  }
}

const hourMs = 60 * 60 * 1000
/** A supervisor looks again after so long. */
const roomRetry = 1_000_000
