/**
 * The directed measure behind "a wave of deletes does not stop a node": many keys are deleted while
 * one node is away, so that nothing is reaped, and when it is back all of it is handed over,
 * proved and reaped at once. A step takes the time of the rows that it reads here, so that one
 * which reads too many is noticed by the others; and what steps, commits and messages carry is
 * counted.
 */
import type { Key } from '../core/ids.ts'
import type { PeerMessage } from '../core/message.ts'
import { objectRowAt, objectRowsEnd } from '../core/row-key.ts'
import { writeMessage } from '../wire/message-codec.ts'
import { Writer } from '../wire/pack.ts'
import type { Micros } from './events.ts'
import type { Machine } from './machine.ts'
import { type Ended, MeasuredCluster } from './measured-cluster.ts'
import type { Notice } from './notice.ts'
import { plainly } from './worker.ts'

export type MassDeleteResult = Ended & {
  readonly seed: number
  readonly keys: number
  /** Deletes that were acknowledged. */
  readonly deleted: number
  /** Rows that one step read at most, and in which input. */
  readonly stepRows: number
  readonly stepOf: string
  /** Rows of one commit, at most. */
  readonly commitRows: number
  /** Bytes of the largest message, of what kind, and of all that one step sent. */
  readonly messageBytes: number
  readonly messageOf: string
  readonly stepBytes: number
  /** Milliseconds from the return of the node until the last row was reaped; undefined: some are left. */
  readonly reapedMs: number | undefined
  readonly left: number
  /** A node that lived was suspected since the other one was back. */
  readonly suspicions: number
}

/** So many keys are put, deleted while a node is away, and reaped once it is back. */
export function runMassDelete(seed: number, keys: number): MassDeleteResult {
  return new MassDelete(seed, keys).run()
}

/** What is wrong with it, one line each. */
export function boundsPassed(result: MassDeleteResult): readonly string[] {
  const { keys, deleted, duplicates, lost, reapedMs, left, suspicions } = result
  const { stepRows, stepOf, commitRows, messageBytes, messageOf, stepBytes } = result
  const lines: string[] = []
  const tell = (wrong: boolean, line: string) => {
    if (wrong) lines.push(line)
  }
  tell(deleted < keys, `${keys - deleted} of ${keys} deletes were not acknowledged`)
  tell(duplicates + lost > 0, `${duplicates} keys came back, ${lost} writes are lost`)
  tell(reapedMs === undefined, `${left} rows are not reaped`)
  tell(suspicions > 0, `${suspicions} suspicions of nodes that lived`)
  tell(stepRows > stepRowsMax, `a step (${stepOf}) read ${stepRows} rows, of ${stepRowsMax}`)
  tell(commitRows > commitRowsMax, `a commit had ${commitRows} rows, of ${commitRowsMax}`)
  tell(stepBytes > stepBytesMax, `a step sent ${stepBytes} bytes, of ${stepBytesMax}`)
  const most = `of ${messageBytesMax}`
  tell(messageBytes > messageBytesMax, `a ${messageOf} had ${messageBytes} bytes, ${most}`)
  return lines
}

/** What one step did so far. */
type Step = { rows: number; bytes: number; name: string }

class MassDelete {
  readonly #cluster: MeasuredCluster
  readonly #seed: number
  readonly #keys: readonly Key[]
  readonly #steps = new Map<string, Step>()
  readonly #writer = new Writer()
  #isBack = false
  #backAt: Micros = 0
  #reapedAt: Micros | undefined
  #deleted = 0
  #suspicions = 0
  #step: Step = { rows: 0, bytes: 0, name: '' }
  #stepBytes = 0
  #commitRows = 0
  #message = { bytes: 0, name: '' }

  constructor(seed: number, keys: number) {
    this.#seed = seed
    this.#keys = Array.from({ length: keys }, (_, i) => `old:${i}` as Key)
    const options = { seed, clients: clientCount, transport: 'stream', partitions: 8 } as const
    this.#cluster = new MeasuredCluster(options, notice => this.#hear(notice))
  }

  run(): MassDeleteResult {
    const { events, machines } = this.#cluster.context
    for (const machine of machines.values()) this.#count(machine)
    const [away] = [...machines.values()].slice(-1) as [Machine]
    this.#cluster.start()
    const putsAt = 3 * second
    const awayAt = putsAt + this.#keys.length * eachMicros + 2 * second
    const deletesAt = awayAt + 2 * second
    this.#backAt = deletesAt + this.#keys.length * eachMicros + 15 * second
    for (const [i, key] of this.#keys.entries()) {
      events.at(putsAt + i * eachMicros, () => this.#put(i, key, false))
      events.at(deletesAt + i * eachMicros, () => this.#put(i, key, true))
    }
    events.at(awayAt, () => away.crash('it is away', true, undefined))
    events.at(this.#backAt, () => {
      this.#isBack = true
      away.start()
    })
    this.#lookEverySecond(this.#backAt)
    while (this.#reapedAt === undefined && events.step(this.#backAt + longestSeconds * second));
    // What is on its way comes to rest.
    const end = events.now + 5 * second
    while (events.step(end));
    return this.#result()
  }

  #result(): MassDeleteResult {
    const { name: stepOf, rows: stepRows } = this.#step
    const { bytes: messageBytes, name: messageOf } = this.#message
    const reaped = this.#reapedAt
    return {
      seed: this.#seed,
      keys: this.#keys.length,
      deleted: this.#deleted,
      stepRows,
      stepOf,
      commitRows: this.#commitRows,
      messageBytes,
      messageOf,
      stepBytes: this.#stepBytes,
      reapedMs: reaped === undefined ? undefined : Math.round((reaped - this.#backAt) / 1000),
      left: this.#left,
      suspicions: this.#suspicions,
      ...this.#cluster.end(),
    }
  }

  #put(number: number, key: Key, deletes: boolean): void {
    const worker = this.#cluster.workers[number % clientCount]
    const known = worker?.newest(key)
    if (worker === undefined || (deletes && known === undefined)) return
    const write = worker.newWrite(key, deletes, known)
    worker.put(write, known, plainly('faults', 5000, undefined), false, ({ result }) => {
      if (deletes && result?.type === 'done') this.#deleted++
    })
  }

  /** Rows of objects on all disks. */
  get #left(): number {
    let left = 0
    for (const { disk } of this.#cluster.context.machines.values()) {
      for (const row of disk.rows.keys()) if (row > objectRowAt('') && row < objectRowsEnd) left++
    }
    return left
  }

  #lookEverySecond(at: Micros): void {
    const { events } = this.#cluster.context
    events.at(at + second, () => {
      if (this.#left === 0) this.#reapedAt = events.now
      else this.#lookEverySecond(at + second)
    })
  }

  // -- what steps do --

  /** What its replica reads of the disk counts as the work of the step. */
  #count({ id, disk }: Machine): void {
    const { get, range } = disk.reads
    const work = (rows: number) => {
      this.#stepOf(id).rows += rows
    }
    Object.assign(disk.reads, {
      get: (...wanted: Parameters<typeof get>) => {
        work(1)
        return get(...wanted)
      },
      range: (...wanted: Parameters<typeof range>) => {
        const rows = range(...wanted)
        work(rows.length)
        return rows
      },
    })
  }

  #hear(notice: Notice): void {
    if (notice.type === 'input') {
      const { node, input } = notice
      this.#ended(node)
      const name = input.type === 'message' ? input.message.type : input.type
      this.#steps.set(node, { rows: 0, bytes: 0, name })
    } else if (notice.type === 'effect') {
      const { node, effect } = notice
      if (effect.type === 'send') this.#sent(node, effect.message)
      else if (effect.type === 'commit' && this.#isBack) {
        this.#commitRows = Math.max(this.#commitRows, effect.rows.length)
      } else if (effect.type === 'note' && effect.note.event === 'suspect' && this.#isBack) {
        this.#suspicions++
      }
    }
  }

  /** The step before has ended: the node was busy with it for as long as it took. */
  #ended(node: string): void {
    const step = this.#stepOf(node)
    const machine = [...this.#cluster.context.machines.values()].find(({ id }) => id === node)
    if (machine !== undefined) machine.stepCost = step.rows * rowMicros
    if (!this.#isBack) return
    if (step.rows > this.#step.rows) this.#step = step
    this.#stepBytes = Math.max(this.#stepBytes, step.bytes)
  }

  #sent(node: string, message: PeerMessage): void {
    if (!this.#isBack) return
    writeMessage(this.#writer, message)
    const bytes = this.#writer.take().length
    this.#stepOf(node).bytes += bytes
    if (bytes > this.#message.bytes) this.#message = { bytes, name: message.type }
  }

  #stepOf(node: string): Step {
    const step = this.#steps.get(node) ?? { rows: 0, bytes: 0, name: '' }
    this.#steps.set(node, step)
    return step
  }
}

const second = 1_000_000
const clientCount = 16
/** A put, and later a delete, every so often. */
const eachMicros = 2000
const longestSeconds = 600
/** What one step may read, and one commit write, and bytes that one step, or message, may send. */
const stepRowsMax = 6500
const commitRowsMax = 6000
const stepBytesMax = 512 * 1024
const messageBytesMax = 256 * 1024
/** LMDB reads and decodes a row in less than that. */
const rowMicros = 10
