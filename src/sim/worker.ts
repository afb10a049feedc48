/**
 * What one client does with its operations: keeps the contexts it was given, sends fresh ones
 * and stale ones, repeats what it does not know the end of, and writes down everything.
 */
import { sometimes } from '#mutants'
import type { Key, NodeId } from '../core/ids.ts'
import type { RepairMode } from '../core/quorum/repair-mode.ts'
import type { CallResult, Wanted } from '../core/session/call.ts'
import type { SimClient } from './client.ts'
import type { Context } from './context.ts'
import {
  accountedBy,
  type Call,
  type History,
  isAmong,
  type Phase,
  payloadOf,
  type Write,
} from './history.ts'
import { overwrite } from './overwriting.ts'
import type { Later, Operation } from './workload.ts'

/** A context, and the writes that whoever holds it was shown. */
export type Known = {
  readonly context: Uint8Array
  readonly saw: readonly Write[]
  /** The context was cut or changed since. */
  readonly spoiled?: true
}

/** A call as it is made. */
export type Asked = {
  readonly phase: Phase
  readonly timeoutMs: number
  readonly via: NodeId | undefined
  readonly r: number | undefined
  readonly w: number | undefined
  readonly strict: boolean
  readonly repair: RepairMode | undefined
  readonly abandonMs: number | undefined
}

export class Worker {
  readonly client: SimClient
  readonly #context: Context
  readonly #history: History
  readonly #known = new Map<Key, Known[]>()
  #written = 0

  constructor(client: SimClient, context: Context, history: History) {
    this.client = client
    this.#context = context
    this.#history = history
  }

  /** `other`: who writes the key meanwhile, if the operation says so. */
  do(operation: Operation, other: Worker = this): void {
    const { kind, key } = operation
    const asked: Asked = { ...operation, phase: 'faults' }
    const known = this.#known.get(key) ?? []
    switch (kind) {
      case 'get':
        return this.get(key, asked)
      case 'modify':
        return this.get(key, asked, () => {
          this.#write(operation, this.newest(key), asked, other)
        })
      case 'put':
        return this.#write(operation, known.at(-1), asked, other)
      case 'delete':
        // Who has seen nothing deletes nothing.
        return known.length > 0
          ? this.#write(operation, known.at(-1), asked, other)
          : this.get(key, asked)
      case 'stale':
        return this.#write(operation, known[0], asked, other)
      case 'blind':
        return this.#write(operation, undefined, asked, other)
    }
  }

  /** Reads, writes with what was read, and reads again. */
  probe(key: Key, phase: Phase): void {
    // A quarter of it is more than the slowest link takes: nothing is sent twice.
    const asked = plainly(phase, 10_000, undefined)
    this.get(key, asked, () => {
      const write = this.newWrite(key, false, this.newest(key))
      this.put(write, this.newest(key), asked, false, () => this.get(key, asked))
    })
  }

  /** Reads, and deletes what was read. */
  empty(key: Key): void {
    const asked = plainly('healed', 10_000, undefined)
    this.get(key, asked, () => {
      const known = this.newest(key)
      if (known === undefined || known.saw.length === 0) return
      this.put(this.newWrite(key, true, known), known, asked, false, () => {})
    })
  }

  /** One read at one node. */
  readAt(key: Key, via: NodeId, phase: Phase): void {
    this.get(key, plainly(phase, 3000, via))
  }

  /** `then` follows where it succeeds, `otherwise` where it does not. */
  get(key: Key, asked: Asked, then?: () => void, otherwise?: () => void): void {
    const needed = asked.r ?? this.#context.settings.readQuorum
    const what = { kind: 'get', key, write: undefined, needed, again: false } as const
    const call = this.#begin({ ...what, spoiled: false }, asked)
    const { r, strict, repair } = asked
    this.#ask({ type: 'get', key, r, strict, repair, explain: false }, call, asked, result => {
      if (result.type !== 'done' || result.reply.type !== 'got') return otherwise
      const { versions, context } = result.reply
      call.shown = versions.flatMap(({ op }) => this.#history.ofOp(op) ?? [])
      this.#learn(key, { context, saw: call.shown })
      return then
    })
  }

  #write(operation: Operation, learned: Known | undefined, asked: Asked, other: Worker): void {
    const { key, kind, retries, spoil, later } = operation
    const known = spoil === undefined || learned === undefined ? learned : spoiled(learned, spoil)
    const write = this.newWrite(key, kind === 'delete', known)
    const anywhere: Asked = { ...asked, via: undefined }
    const meanwhile = later && this.#meanwhile(key, later, other)
    const attempt = (known: Known | undefined, left: number, again: boolean) => {
      this.put(write, known, again ? anywhere : asked, again, call => {
        const result = call.result
        const unknown = result?.type === 'failed' && !result.failure.outcome.definite
        if (left === 0 || !unknown) return
        const once = () => {
          if (later?.waits) sometimes('a put is sent again after later writes')
          attempt(known, left - 1, true)
        }
        const reread = () => attempt(this.#wider(write, known), left - 1, true)
        if (!later?.waits) this.#context.events.after(operation.retryMs * 1000, once)
        else meanwhile?.(() => (later.rereads ? this.get(key, anywhere, reread, once) : once()))
      })
    }
    attempt(known, retries, false)
  }

  /** Has another client overwrite the key after a while; what it returns tells when that is over. */
  #meanwhile(key: Key, later: Later, other: Worker): (then: () => void) => void {
    const waiting: (() => void)[] = []
    let over = false
    const ends = () => {
      over = true
      for (const then of waiting) then()
    }
    const { writes: left, deletes } = later
    this.#context.events.after(later.afterMs * 1000, () => {
      overwrite(other, key, { left, deletes }, ends)
    })
    return then => {
      if (over) then()
      else waiting.push(then)
    }
  }

  /** What it learned last, if that shows all of what the write was first sent with. */
  #wider(write: Write, first: Known | undefined): Known | undefined {
    const newest = this.newest(write.key)
    if (newest === undefined || newest.spoiled || first?.spoiled) return first
    const shown = accountedBy(newest.saw)
    if (!write.saw.every(one => isAmong(shown, one))) return first
    sometimes('a put is sent again with a newer context')
    this.#history.shownMore(write, newest.saw)
    return newest
  }

  /** One call of a write; `again`: a try of it was made before. */
  put(
    write: Write,
    known: Known | undefined,
    asked: Asked,
    again: boolean,
    then: (call: Call) => void,
  ): void {
    const { key } = write
    const needed = asked.w ?? this.#context.settings.writeQuorum
    const spoiled = known?.spoiled === true
    const call = this.#begin({ kind: 'put', key, write, needed, again, spoiled }, asked)
    const value = write.deletes ? undefined : payloadOf(write)
    const op = again ? write.op : undefined
    // A copy of its own, by which its request is known.
    const context = known && new Uint8Array(known.context)
    const { w, strict } = asked
    this.#ask(
      { type: 'put', key, value, context, w, op, strict, explain: false },
      call,
      asked,
      result => {
        this.#ended(write, known, result)
        return () => then(call)
      },
    )
  }

  #ended(write: Write, known: Known | undefined, result: CallResult): void {
    if (result.type === 'done' && result.reply.type === 'wrote') {
      write.acknowledged = true
      // Where the operation was superseded before it was repeated, the context says no more.
      const superseded = result.reply.outcome.dot === undefined
      const saw = superseded ? (known?.saw ?? []) : [write]
      this.#learn(write.key, { context: result.reply.context, saw })
    } else if (result.type === 'failed') {
      const { definite } = result.failure.outcome
      write.refused = definite
    }
  }

  #begin(
    what: Pick<Call, 'kind' | 'key' | 'write' | 'needed' | 'again' | 'spoiled'>,
    { phase, timeoutMs, via, strict, repair }: Asked,
  ): Call {
    const call: Call = {
      ...what,
      number: this.#history.calls.length,
      client: this.client.id,
      phase,
      at: this.#context.events.now,
      timeoutMs,
      via,
      strict,
      repair: repair ?? this.#context.settings.readRepair,
      settledAt: undefined,
      result: undefined,
      abandoned: false,
      shown: [],
    }
    this.#history.calls.push(call)
    if (call.write !== undefined) call.write.needed = Math.min(call.write.needed, call.needed)
    this.#context.notice({ type: 'call', call })
    return call
  }

  /** `record` takes down how it ended, and returns what the client does next. */
  #ask(
    wanted: Wanted,
    call: Call,
    asked: Asked,
    record: (result: CallResult) => (() => void) | undefined,
  ): void {
    const { notice, events } = this.#context
    const id = this.client.call(wanted, asked.timeoutMs, asked.via, {
      onSent: (to, op) => {
        const { write } = call
        if (write === undefined) return
        this.#history.named(write, op)
        notice({ type: 'sent', write, to })
      },
      onSettled: result => {
        call.settledAt = events.now
        call.result = result
        const next = record(result)
        notice({ type: 'settled', call, client: this.client.id })
        next?.()
      },
    })
    const { abandonMs } = asked
    if (abandonMs === undefined) return
    events.after(abandonMs * 1000, () => {
      if (call.settledAt !== undefined) return
      call.abandoned = true
      this.client.abort(id)
    })
  }

  newWrite(key: Key, deletes: boolean, known: Known | undefined): Write {
    const id = `${this.client.id}.${++this.#written}`
    return this.#history.newWrite(id, key, deletes, known?.saw ?? [])
  }

  /** The context that it learned last. */
  newest(key: Key): Known | undefined {
    return this.#known.get(key)?.at(-1)
  }

  /** The last three contexts of a key are kept: old ones are sent again on purpose. */
  #learn(key: Key, known: Known): void {
    const all = this.#known.get(key) ?? []
    this.#known.set(key, [...all.slice(-2), known])
  }
}

/** A call with nothing out of the ordinary. */
export function plainly(phase: Phase, timeoutMs: number, via: NodeId | undefined): Asked {
  const usual = { r: undefined, w: undefined, strict: false, repair: undefined }
  return { phase, timeoutMs, via, ...usual, abandonMs: undefined }
}

/** The context with its end cut off, or with a bit turned over. */
function spoiled({ context, saw }: Known, how: number): Known {
  const at = Math.floor(how / 2) % context.length
  if (how % 2 === 0) return { context: context.slice(0, at), saw, spoiled: true }
  const changed = new Uint8Array(context)
  changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
  return { context: changed, saw, spoiled: true }
}
