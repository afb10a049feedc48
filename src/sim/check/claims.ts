/**
 * I4: what design §4 claims, mode by mode. Where no fallback counted (each reply says its own) or
 * the call was strict, and the quorums of both overlap, a get returns every put that was
 * acknowledged before it began, or what superseded it, whoever asks; and with blocking read
 * repair it returns what an earlier get returned. A delete is a write like any other here: its
 * tombstone is shown.
 */
import type { Key } from '../../core/ids.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { Micros } from '../events.ts'
import { type Call, isBefore, type Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { knownOf } from './copies.ts'

/** What later gets must show, if they ask enough replicas to meet one of its `copies`. */
type Promised = {
  readonly write: Write
  readonly at: Micros
  readonly copies: number
  /** Who was told of it. */
  readonly story: string
}

export const claimsChecker: MakeChecker = (scene): Checker => {
  const claims = new Claims(scene)
  return {
    name: 'I4',
    onNotice: notice => {
      if (notice.type === 'destroyed') claims.weaken(notice)
      else if (notice.type === 'settled') claims.settled(notice.call)
    },
  }
}

class Claims {
  readonly #scene: Scene
  readonly #promised = new Map<Key, Promised[]>()
  /** Writes that a disk lost without its replica knowing that it is not whole. */
  readonly #weak = new Set<Write>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  settled(call: Call): void {
    if (call.result?.type !== 'done') return
    const { reply } = call.result
    if (reply.type !== 'got' && reply.type !== 'wrote') return
    if (!call.strict && reply.outcome.fallbackAcks.length > 0) return
    const { client, key, needed, write } = call
    if (reply.type === 'got') {
      this.#check(call)
      if (isRepaired(call, reply.outcome)) {
        for (const one of call.shown) this.#promise(key, one, needed, `${client} was shown it`)
      }
    } else if (write !== undefined) {
      this.#promise(key, write, needed, `${client} was told that it is written`)
    }
  }

  /**
   * A row that rots on a replica is a copy less than was promised, until scrub finds it. A replica that lost its whole disk counts for no get: it excuses nothing.
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

  #promise(key: Key, write: Write, copies: number, story: string): void {
    const all = this.#promised.get(key) ?? []
    this.#promised.set(key, all)
    all.push({ write, at: this.#scene.context.events.now, copies, story })
  }

  #check({ key, at, needed, shown, client }: Call): void {
    const { replicas } = this.#scene.context.settings
    const missed = this.#promised.get(key)?.find(promised => {
      const { write, copies } = promised
      if (this.#scene.history.isReaped(write)) return false
      if (promised.at >= at || copies + needed <= replicas || this.#weak.has(write)) return false
      return !shown.some(one => one === write || isBefore(write, one))
    })
    if (missed === undefined) return
    const names = shown.map(write => write.id).join(', ')
    const when = ((at - missed.at) / 1000).toFixed(1)
    const story = `${client} was shown {${names}} and not ${missed.write.id}, nor what superseded it; ${missed.story} ${when} ms before`
    this.#scene.fail('I4', key, story)
  }
}

/** Is what the get returned durable on as many replicas as it asked? */
function isRepaired({ repair }: Call, { unrepaired }: Outcome): boolean {
  return repair === 'blocking' && !unrepaired
}
