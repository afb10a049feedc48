/**
 * Faults on purpose (`docs/faults.md`): what the rules say is done here to the messages between
 * this node and others. A connection to a proved member gets a gate; a client's never has one,
 * so that commands reach a node behind any partition.
 */
import type { Instant, NodeId, RequestId } from '../core/ids.ts'
import type { ClientReply, FaultDirection, FaultRule } from '../core/message.ts'
import { nothingDone } from '../core/outcome.ts'
import { encode } from '../wire/message-codec.ts'
import type { AnyMessage } from '../wire/tags.ts'
import type { SkewedClock } from './clock.ts'
import { FaultRules } from './fault-rules.ts'
import type { Log } from './log.ts'

/** What stands in the way of the messages of one connection. */
export type Gate = {
  /** False: nothing does, and nothing waits there. */
  readonly acts: (direction: FaultDirection) => boolean
  /** Calls `go` now, later or never. */
  readonly pass: (direction: FaultDirection, message: AnyMessage, go: () => void) => void
}

export type FaultsOptions = {
  readonly node: NodeId
  /** The node was started with `--faults`; else it obeys nobody. */
  readonly allowed: boolean
  readonly clock: SkewedClock
  readonly log: Log
  readonly random?: () => number
}

/** What waits on all paths together: past it messages are lost, as on a full link. */
export const heldMax = 10_000
const heldBytesMax = 32 * 1024 * 1024

type Held = { readonly at: Instant; readonly bytes: number; readonly go: () => void }
type Queue = { readonly held: Held[]; timer: NodeJS.Timeout | undefined }

export class Faults {
  readonly #options: FaultsOptions
  readonly #rules: FaultRules
  readonly #queues = new Map<string, Queue>()
  #held = 0
  #heldBytes = 0
  #lost = 0

  constructor(options: FaultsOptions) {
    this.#options = options
    this.#rules = new FaultRules(options.random ?? Math.random)
  }

  /** Messages that were lost on purpose. */
  get lost(): number {
    return this.#lost
  }

  /** Takes over what a client wants, and says what is so then; refused where not allowed. */
  answer(request: {
    readonly id: RequestId
    readonly rules: readonly FaultRule[] | undefined
    readonly skewMs: number | undefined
  }): ClientReply {
    const { node, allowed, clock, log } = this.#options
    const { id, rules, skewMs } = request
    if (!allowed) return { type: 'failed', id, failure: faultsOff(node), explained: undefined }
    if (rules !== undefined) {
      this.#replace(rules)
      log.warn('faults', { rules: rules.length })
    }
    if (skewMs !== undefined) {
      clock.skew(skewMs)
      log.warn('skew', { ms: skewMs })
    }
    return { type: 'faults-are', id, node, rules: this.#rules.list(), skewMs: clock.skewMs() }
  }

  /** True where no connection to or from this node is to be made. */
  cuts(peer: NodeId): boolean {
    return this.#rules.cuts(peer)
  }

  gateTo(peer: NodeId): Gate {
    return {
      acts: direction => this.#rules.rules(peer, direction) || this.#waits(peer, direction),
      pass: (direction, message, go) => this.#pass(peer, direction, message, go),
    }
  }

  /** Forgets what waits; the connections are closing. */
  stop(): void {
    for (const { timer } of this.#queues.values()) clearTimeout(timer)
    this.#queues.clear()
  }

  #waits(peer: NodeId, direction: FaultDirection): boolean {
    return this.#held > 0 && this.#queues.has(`${direction} ${peer}`)
  }

  #pass(peer: NodeId, direction: FaultDirection, message: AnyMessage, go: () => void): void {
    const { now } = this.#options.clock
    const bytes = encode(message).length
    const isFull = this.#held >= heldMax || this.#heldBytes + bytes > heldBytesMax
    const at = this.#rules.due(now(), peer, direction, bytes, !isFull)
    if (at === undefined) {
      this.#lost++
      return
    }
    const name = `${direction} ${peer}`
    if (at <= now() && !this.#queues.has(name)) return go()
    const queue = this.#queues.get(name) ?? { held: [], timer: undefined }
    this.#queues.set(name, queue)
    queue.held.push({ at, bytes, go })
    this.#held++
    this.#heldBytes += bytes
    this.#arm(name, queue)
  }

  #arm(name: string, queue: Queue): void {
    const [first] = queue.held
    if (first === undefined) {
      if (this.#queues.get(name) === queue) this.#queues.delete(name)
    } else {
      queue.timer ??= setTimeout(() => {
        queue.timer = undefined
        this.#release(queue, this.#options.clock.now())
        this.#arm(name, queue)
      }, first.at - this.#options.clock.now())
    }
  }

  /** Lets everything go on that is due by then. */
  #release(queue: Queue, until: number): void {
    for (let first = queue.held[0]; first !== undefined; first = queue.held[0]) {
      if (first.at > until) return
      queue.held.shift()
      this.#held--
      this.#heldBytes -= first.bytes
      first.go()
    }
  }

  /** What waited under the old rules goes on first, and the answers to it behind what waited. */
  #replace(rules: readonly FaultRule[]): void {
    while (this.#queues.size > 0) {
      for (const [name, queue] of this.#queues) {
        this.#queues.delete(name)
        clearTimeout(queue.timer)
        this.#release(queue, Number.POSITIVE_INFINITY)
      }
    }
    this.#rules.replace(rules)
  }
}

function faultsOff(node: NodeId) {
  return {
    code: 'FAULTS_OFF',
    message: `${node} takes no faults: it was started without --faults`,
    outcome: nothingDone(0),
  } as const
}
