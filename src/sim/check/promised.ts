/**
 * What clients were promised: writes of which so many copies are on owners' disks. A put or
 * delete promises itself where no fallback counted to it (its reply says so) or it was strict;
 * a get with blocking read repair promises what it showed.
 */
import type { Key } from '../../core/ids.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { Micros } from '../events.ts'
import type { Call, Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Scene } from './checker.ts'
import { knownOf } from './copies.ts'

/** What later reads must show, if they ask enough replicas to meet one of its `copies`. */
export type Pledge = {
  readonly write: Write
  readonly at: Micros
  readonly copies: number
  /** Who was told of it. */
  readonly story: string
}

export class Promised {
  readonly #scene: Scene
  readonly #promised = new Map<Key, Pledge[]>()
  /** Writes that a disk lost without its replica knowing that it is not whole. */
  readonly #weak = new Set<Write>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  get keys(): Iterable<Key> {
    return this.#promised.keys()
  }

  /** Those that bind a read which began at an instant and asks so many replicas. */
  of(key: Key, at: Micros, asked: number): readonly Pledge[] {
    const { replicas } = this.#scene.context.settings
    return (this.#promised.get(key) ?? []).filter(promise => {
      if (promise.at >= at || promise.copies + asked <= replicas) return false
      return !this.#weak.has(promise.write)
    })
  }

  /** Is this the reply of a call that no fallback counted to? What it promises is noted. */
  settled(call: Call): boolean {
    if (call.result?.type !== 'done') return false
    const { reply } = call.result
    if (reply.type !== 'got' && reply.type !== 'wrote') return false
    if (!call.strict && reply.outcome.fallbackAcks.length > 0) return false
    const { client, needed, write } = call
    if (reply.type === 'wrote') {
      if (write !== undefined) this.#promise(write, needed, `${client} was told that it is written`)
    } else if (isRepaired(call, reply.outcome)) {
      for (const one of call.shown) this.#promise(one, needed, `${client} was shown it`)
    }
    return true
  }

  /**
   * A row that rots on a replica is a copy less than was promised, until scrub finds it. A replica
   * that lost its whole disk counts for no read: it excuses nothing.
   */
  weaken({ node, before, rots }: Extract<Notice, { type: 'destroyed' }>): void {
    const machine = this.#scene.context.machines.get(node)
    if (machine === undefined || !rots) return
    const { decoded } = this.#scene
    for (const [row, bytes] of before) {
      const left = machine.disk.rows.get(row)
      if (left === bytes) continue
      const lost = decoded.copyIn(row, bytes)
      if (lost === undefined || (left !== undefined && decoded.copyIn(row, left))) continue
      for (const write of knownOf(this.#scene.history, [lost.siblings])) this.#weak.add(write)
    }
  }

  #promise(write: Write, copies: number, story: string): void {
    const all = this.#promised.get(write.key) ?? []
    this.#promised.set(write.key, all)
    all.push({ write, at: this.#scene.context.events.now, copies, story })
  }
}

/** Is what the get returned durable on as many replicas as it asked? */
function isRepaired({ repair }: Call, { unrepaired }: Outcome): boolean {
  return repair === 'blocking' && !unrepaired
}
