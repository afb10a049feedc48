/**
 * The public client. Every call has a deadline and takes an `AbortSignal`; every failure is a
 * `KvError` that says whether the call may have happened all the same. To abort a write is not
 * to undo it.
 */
import { binaryOf, bytesOf } from '../core/binary.ts'
import type { CountReply } from '../core/count.ts'
import type { ExchangeReply } from '../core/entropy/exchange-status.ts'
import type { RepairReply, RepairRequest } from '../core/entropy/repair-message.ts'
import type { Explained } from '../core/explained.ts'
import type { HintsReply } from '../core/handoff/hints-message.ts'
import type { OpId } from '../core/ids.ts'
import type { ScanMissing } from '../core/listing-message.ts'
import type { FaultsReply, GossipReply, InspectReply, ViewReply } from '../core/message.ts'
import type { Outcome } from '../core/outcome.ts'
import type { RepairMode } from '../core/quorum/repair-mode.ts'
import type { FaultsWanted, SuccessReply, Wanted } from '../core/session/call.ts'
import type { StatusReply } from '../core/status-message.ts'
import type { WholenessReply } from '../core/wholeness/wholeness-message.ts'
import { pageKeysMax } from '../wire/bounds.ts'
import {
  type KeyLike,
  keyFrom,
  opFrom,
  prefixFrom,
  type Quorum,
  quorumFrom,
  timeoutFrom,
  type ValueLike,
  valueFrom,
  viaFrom,
} from './arguments.ts'
import { type Context, type Entry, entryOf } from './entry.ts'
import { refusal } from './errors.ts'
import type { SessionHost } from './session-host.ts'
import { Turns } from './turns.ts'
import { type Compute, type UpdateResult, updated } from './update.ts'

export type CallOptions = {
  /** Milliseconds until the call fails; the client's own where it is not given. */
  readonly timeoutMs?: number
  /** The caller no longer waits; a write may happen all the same. */
  readonly signal?: AbortSignal
  /** Ask this node and no other. */
  readonly via?: string
}
export type ReadOptions = CallOptions & {
  /** Replicas that must answer; the cluster's R where it is not given. */
  readonly r?: Quorum
  /** Only primaries count: who stands in for one does not. */
  readonly strict?: boolean
  /** What is done for replicas that are behind; the cluster's way where it is not given. */
  readonly readRepair?: RepairMode
  /** `explained` of the reply says what the coordinator did. */
  readonly explain?: boolean
}
export type WriteOptions = CallOptions & {
  /** What this write has seen, from an earlier get or put of the same key. */
  readonly context?: Context
  /** Replicas that must have stored it durably; the cluster's W where it is not given. */
  readonly w?: Quorum
  /** The operation id of an attempt whose end is unknown: `error.outcome.op`. */
  readonly op?: OpId
  /** Only primaries count: who stands in for one does not. */
  readonly strict?: boolean
  /** `explained` of the reply says what the coordinator did. */
  readonly explain?: boolean
}
export type UpdateOptions = Omit<WriteOptions, 'context' | 'op'> & ReadOptions
export type KeysOptions = CallOptions & {
  /** Only keys that begin with it. */
  readonly prefix?: KeyLike
  /**
   * Where fewer whole replicas than R answer, go on with what can be seen: each page says what
   * is missing. Without it that is an error: QUORUM.
   */
  readonly partial?: boolean
}

export type KeyPageOptions = KeysOptions & {
  /** Of the page before; from the beginning where it is not given. */
  readonly cursor?: Uint8Array
  /** Keys at most, 1 to 1,000: the default. */
  readonly limit?: number
}
export type KeyPage = {
  readonly keys: readonly (string | Uint8Array)[]
  /** Where the next page begins; undefined: there is none. */
  readonly cursor: Uint8Array | undefined
  /** Of a partial listing: so many partitions had no quorum, and why. Keys may be lacking. */
  readonly missing: ScanMissing | undefined
}

export type WriteResult = {
  /** Covers what this write saw, and the write itself. */
  readonly context: Context
  /** Live versions beside this one, as far as the coordinator knew. */
  readonly siblings: number
  readonly outcome: Outcome
  /** Where it was asked for. */
  readonly explained: Explained | undefined
}

export class Client {
  /** The cluster's name, or the addresses by which it was reached. */
  readonly cluster: string
  readonly #host: SessionHost
  readonly #timeoutMs: number
  /** Of updates, by key. */
  readonly #turns = new Turns()

  constructor(cluster: string, host: SessionHost, timeoutMs: number) {
    this.cluster = cluster
    this.#host = host
    this.#timeoutMs = timeoutMs
  }

  /** Every live version of the key. Throws KvError: QUORUM, TIMEOUT, UNREACHABLE, ... */
  async get(key: KeyLike, options: ReadOptions = {}): Promise<Entry> {
    const r = quorumFrom(options.r, this.#settings().replicas)
    const { strict = false, readRepair: repair, explain = false } = options
    const wanted: Wanted = { type: 'get', key: keyFrom(key), r, strict, repair, explain }
    const reply = await this.#call(wanted, options)
    return entryOf(only(reply, 'got'))
  }

  /** Replaces what `context` has seen; without one, is kept beside whatever is there. */
  put(key: KeyLike, value: ValueLike, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#write(key, value, options)
  }

  /** A put of a tombstone: the key is gone for whoever reads with its context. */
  delete(key: KeyLike, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#write(key, undefined, options)
  }

  /**
   * Reads, computes, and writes with the context of what was read. Where another write landed
   * meanwhile, `compute` is called again with all siblings, its own earlier result among them,
   * so it has to be a merge: applied to its own result it must change nothing. `undefined`
   * writes nothing. Where nobody tells what the key holds it fails, and nothing is written.
   */
  async update(key: KeyLike, compute: Compute, options: UpdateOptions = {}): Promise<UpdateResult> {
    const timeoutMs = this.#timeout(options)
    const deadline = performance.now() + timeoutMs
    const limits = { leaseMs: timeoutMs / 4, waitMs: timeoutMs }
    const turn = await this.#turns.take(keyFrom(key), limits, options.signal)
    try {
      return await updated({ client: this, key, compute, options, deadline, turn })
    } finally {
      turn.end()
    }
  }

  /**
   * Every key that is there, in the order of the ring, a page at a time: the next page is asked
   * for when it is wanted. Yields text where a key is UTF-8, else its bytes. Each page has the
   * deadline to itself; keys written or deleted meanwhile may or may not be seen.
   */
  async *keys(options: KeysOptions = {}): AsyncGenerator<string | Uint8Array, void, undefined> {
    let cursor: Uint8Array | undefined
    do {
      const page: KeyPage = await this.keyPage(
        cursor === undefined ? options : { ...options, cursor },
      )
      yield* page.keys
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  /** One page of `keys`, for who goes on later, maybe from another process. */
  async keyPage(options: KeyPageOptions = {}): Promise<KeyPage> {
    const prefix = prefixFrom(options.prefix ?? '')
    const after = binaryOf(options.cursor ?? noCursor)
    const limit = Math.min(options.limit ?? pageKeysMax, pageKeysMax)
    const { partial = false } = options
    const wanted: Wanted = { type: 'scan', prefix, after, limit, partial }
    const { keys, cursor, missing } = only(await this.#call(wanted, options), 'page')
    const next = cursor === undefined ? undefined : bytesOf(cursor)
    return { keys: keys.map(shownKey), cursor: next, missing }
  }

  /** What each replica of the key holds. */
  async inspect(key: KeyLike, options: CallOptions = {}): Promise<InspectReply> {
    return only(await this.#call({ type: 'inspect', key: keyFrom(key) }, options), 'inspected')
  }

  /** The members and settings, asked of a node now. */
  async view(options: CallOptions = {}): Promise<ViewReply> {
    return only(await this.#call({ type: 'view' }, options), 'viewed')
  }

  /** What this node believes of the members. Throws UNKNOWN_NODE, UNREACHABLE. */
  async gossip(node: string, options: Omit<CallOptions, 'via'> = {}): Promise<GossipReply> {
    return only(await this.#call({ type: 'gossip' }, { ...options, via: node }), 'gossiped')
  }

  /** How this node is. Throws UNKNOWN_NODE, UNREACHABLE. */
  async status(node: string, options: Omit<CallOptions, 'via'> = {}): Promise<StatusReply> {
    return only(await this.#call({ type: 'status' }, { ...options, via: node }), 'status-is')
  }

  /**
   * The hints that this node holds; with `drain` it hands over those for that node at once, as
   * fast as it can. Throws UNKNOWN_NODE, UNREACHABLE.
   */
  async hints(
    node: string,
    { drain }: { readonly drain?: string } = {},
    options: Omit<CallOptions, 'via'> = {},
  ): Promise<HintsReply> {
    const wanted: Wanted = { type: 'hints', drain: viaFrom(drain) }
    return only(await this.#call(wanted, { ...options, via: node }), 'hints-are')
  }

  /**
   * What this node proved equal with whom, and when; with `pause` it stops or goes on comparing.
   * Throws UNKNOWN_NODE, UNREACHABLE.
   */
  async exchange(
    node: string,
    { pause }: { readonly pause?: boolean } = {},
    options: Omit<CallOptions, 'via'> = {},
  ): Promise<ExchangeReply> {
    const wanted: Wanted = { type: 'exchange', pause }
    return only(await this.#call(wanted, { ...options, via: node }), 'exchange-is')
  }

  /**
   * Begins a repair on this node, ends it, or asks how far it is (`kv repair`). Throws UNKNOWN_NODE,
   * UNREACHABLE.
   */
  async repair(
    node: string,
    wanted: Pick<RepairRequest, 'job'> & Partial<RepairRequest>,
    options: Omit<CallOptions, 'via'> = {},
  ): Promise<RepairReply> {
    const { job, begin, cancel = false, movesFrom = 0 } = wanted
    const call: Wanted = { type: 'repair', job, begin, cancel, movesFrom }
    return only(await this.#call(call, { ...options, via: node }), 'repair-is')
  }

  /** Counts a page of what this node holds. Throws UNKNOWN_NODE, UNREACHABLE. */
  async count(
    node: string,
    after = '',
    options: Omit<CallOptions, 'via'> = {},
  ): Promise<CountReply> {
    return only(await this.#call({ type: 'count', after }, { ...options, via: node }), 'counts-are')
  }

  /**
   * Whether the store of this node is whole; with `acceptLoss` it takes as given what only that
   * node could prove. Throws UNKNOWN_NODE, UNREACHABLE.
   */
  async wholeness(
    node: string,
    { acceptLoss }: { readonly acceptLoss?: string } = {},
    options: Omit<CallOptions, 'via'> = {},
  ): Promise<WholenessReply> {
    const wanted: Wanted = { type: 'wholeness', acceptLoss: viaFrom(acceptLoss) }
    return only(await this.#call(wanted, { ...options, via: node }), 'wholeness-is')
  }

  /**
   * The faults of this node, after it took over those that are given. Throws FAULTS_OFF where it
   * was not started with `--faults`, UNKNOWN_NODE, UNREACHABLE.
   */
  async faults(
    node: string,
    { rules, skewMs }: Partial<FaultsWanted> = {},
    options: Omit<CallOptions, 'via'> = {},
  ): Promise<FaultsReply> {
    const wanted: Wanted = { type: 'faults', rules, skewMs }
    return only(await this.#call(wanted, { ...options, via: node }), 'faults-are')
  }

  /** Cancels what is in flight and closes the connections. May be called any number of times. */
  async close(): Promise<void> {
    await this.#host.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #write(
    key: KeyLike,
    given: ValueLike | undefined,
    options: WriteOptions,
  ): Promise<WriteResult> {
    const { replicas, valueBytesMax } = this.#settings()
    const value = given === undefined ? undefined : valueFrom(given, valueBytesMax)
    const w = quorumFrom(options.w, replicas)
    const op = opFrom(options.op)
    const wanted: Wanted = {
      type: 'put',
      key: keyFrom(key),
      value,
      context: options.context,
      w,
      op,
      strict: options.strict ?? false,
      explain: options.explain ?? false,
    }
    const reply = only(await this.#call(wanted, options), 'wrote')
    const { context, siblings, outcome, explained } = reply
    return { context, siblings, outcome, explained }
  }

  /** Not async, nor are put and delete: each promise on the way costs as much as a lookup. */
  #call(wanted: Wanted, options: CallOptions): Promise<SuccessReply> {
    const timeoutMs = this.#timeout(options)
    return this.#host.call(wanted, timeoutMs, viaFrom(options.via), options.signal)
  }

  #timeout(options: CallOptions): number {
    return timeoutFrom(options.timeoutMs ?? this.#timeoutMs)
  }

  #settings(): ViewReply['settings'] {
    const view = this.#host.view
    if (view === undefined) throw refusal('INTERNAL', 'the client has no view of its cluster')
    return view.settings
  }
}

/** The session answers each wish with its own kind of reply. */
function only<Type extends SuccessReply['type']>(
  reply: SuccessReply,
  type: Type,
): Extract<SuccessReply, { type: Type }> {
  if (isOf(reply, type)) return reply
  throw refusal('INTERNAL', `a reply of type ${reply.type}, not ${type}`)
}

function isOf<Type extends SuccessReply['type']>(
  reply: SuccessReply,
  type: Type,
): reply is Extract<SuccessReply, { type: Type }> {
  return reply.type === type
}

function shownKey(key: string): string | Uint8Array {
  const bytes = bytesOf(key)
  try {
    const text = decoder.decode(bytes)
    return binaryOf(encoder.encode(text)) === key ? text : bytes
  } catch {
    return bytes
  }
}

const noCursor = new Uint8Array(0)
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()
