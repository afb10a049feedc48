/**
 * One put whose end its client never hears, and which it repeats through another coordinator
 * under the same operation id. The request was lost, or its reply, after the write had landed; or
 * the request comes after all, later than the repetition. In between somebody else may overwrite
 * or delete what the put wrote.
 */
import type { Key, NodeId } from '../core/ids.ts'
import type { Context } from './context.ts'
import type { Draw } from './draw.ts'
import type { Call, Write } from './history.ts'
import { type Asked, type Known, plainly, type Worker } from './worker.ts'

export type RetryPlan = {
  readonly key: Key
  /** The node that the client asks first, and those that it asks after that. */
  readonly first: NodeId
  readonly others: readonly NodeId[]
  readonly fails: 'request lost' | 'reply lost' | 'request late'
  /** What somebody who has seen the write does before it is repeated, or before it comes. */
  readonly between: 'nothing' | 'put' | 'delete'
}

/** What happened, told from the disks and from how the calls ended. */
export type RetryCounts = {
  /** First tries that ended without an answer: all of them, or those of one kind. */
  timeouts: number
  lostBefore: number
  lostAfter: number
  late: number
  /** Of those that had landed: overwritten or deleted before they were repeated or came late. */
  superseded: number
  deleted: number
  /** Repetitions that succeeded in the end. */
  acknowledged: number
}

/** Who takes part, and where it is written down. */
export type RetryPlace = {
  readonly context: Context
  readonly writer: Worker
  readonly other: Worker
  readonly draw: Draw
  readonly counts: RetryCounts
  readonly isOnDisk: (write: Write) => boolean
  readonly ends: () => void
}

type Tried = { readonly write: Write; readonly known: Known | undefined }

export class RetryCase {
  readonly #plan: RetryPlan
  readonly #place: RetryPlace
  #tries = 0

  constructor(plan: RetryPlan, place: RetryPlace) {
    this.#plan = plan
    this.#place = place
  }

  /** The first try, until one ends without an answer: some fail for reasons of their own. */
  begin(): void {
    const { key, first, fails } = this.#plan
    const { writer, draw, counts, isOnDisk } = this.#place
    const known = writer.newest(key)
    const tried = { known, write: writer.newWrite(key, false, known) }
    const undo = this.#disturb()
    writer.put(tried.write, known, askedOf(first, draw.between(150, 400)), false, call => {
      if (call.result?.type === 'done' || isDefinite(call)) {
        undo()
        return this.#beginAgain()
      }
      counts.timeouts++
      if (fails === 'request late') return this.#late(tried, undo)
      undo()
      const landed = isOnDisk(tried.write)
      if (landed) counts.lostAfter++
      else counts.lostBefore++
      if (landed) this.#supersede(tried.write, () => this.#repeat(tried, () => this.#look()))
      else this.#repeat(tried, () => this.#look())
    })
  }

  #beginAgain(): void {
    const { context, ends } = this.#place
    if (++this.#tries > triesMax) return ends()
    context.events.after(50 * ms, () => this.begin())
  }

  /** Returns what ends it. */
  #disturb(): () => void {
    const { network } = this.#place.context
    const { first, fails } = this.#plan
    const { id } = this.#place.writer.client
    if (fails === 'request late') {
      const cuts = [{ from: id, to: first }]
      network.clog(cuts, 1)
      return () => network.clog(cuts, -1)
    }
    const isRequest = fails === 'request lost'
    const cuts = [isRequest ? { from: id, to: first } : { from: first, to: id }]
    const type = isRequest ? 'put' : 'wrote'
    network.cut(cuts, type, 1)
    return () => network.cut(cuts, type, -1)
  }

  /** The repetition takes effect, somebody overwrites it, and then the first try comes. */
  #late(tried: Tried, arrives: () => void): void {
    const { counts, context, draw } = this.#place
    counts.late++
    this.#repeat(tried, () => {
      this.#supersede(tried.write, () => {
        arrives()
        context.events.after(draw.between(5, 100) * ms, () => this.#look())
      })
    })
  }

  /** Somebody who has seen the write overwrites or deletes it. */
  #supersede(write: Write, then: () => void): void {
    const { key, between } = this.#plan
    const { other, counts, context, draw } = this.#place
    if (between === 'nothing') return then()
    const asked = askedOf(undefined, 2000)
    const overwrite = () => {
      const known = other.newest(key)
      const sees = known?.saw.includes(write) === true
      const later = other.newWrite(key, between === 'delete', known)
      other.put(later, known, asked, false, () => {
        if (sees && later.acknowledged && between === 'delete') counts.deleted++
        else if (sees && later.acknowledged) counts.superseded++
        context.events.after(draw.below(30) * ms, then)
      })
    }
    other.get(key, asked, overwrite, then)
  }

  /** The same operation once more, through one other coordinator after another. */
  #repeat(tried: Tried, then: () => void, at = 0): void {
    const { writer, counts, context } = this.#place
    const { others } = this.#plan
    const via = others[at % others.length]
    writer.put(tried.write, tried.known, askedOf(via, 1500), true, call => {
      if (call.result?.type === 'done') counts.acknowledged++
      else if (at < repetitionsMax) {
        context.events.after(20 * ms, () => this.#repeat(tried, then, at + 1))
        return
      }
      then()
    })
  }

  #look(): void {
    const { other, ends } = this.#place
    other.get(this.#plan.key, askedOf(undefined, 2000), ends, ends)
  }
}

function askedOf(via: NodeId | undefined, timeoutMs: number): Asked {
  return plainly('faults', timeoutMs, via)
}

function isDefinite({ result }: Call): boolean {
  return result?.type === 'failed' && result.failure.outcome.definite
}

const ms = 1000
const triesMax = 200
const repetitionsMax = 8
