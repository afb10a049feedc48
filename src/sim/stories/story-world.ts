/**
 * The world of one story: five machines, a network and clients as in every simulated world, with
 * links and disks that always take as long, and A the quickest node, E the slowest, so that who
 * answers first follows from their names.
 */
import { assert } from '../../core/assert.ts'
import type { Siblings } from '../../core/causality/siblings.ts'
import type { Key, OpId } from '../../core/ids.ts'
import type { CallResult, Wanted } from '../../core/session/call.ts'
import { copyIn } from '../check/decoded.ts'
import { type ClientId, SimClient } from '../client.ts'
import type { Context, Transport } from '../context.ts'
import type { Micros } from '../events.ts'
import type { Cut } from '../faults.ts'
import type { Machine } from '../machine.ts'
import { makeContext } from '../make-context.ts'
import type { Notice } from '../notice.ts'
import { type Options, usualPatienceMs } from '../options.ts'
import { Cast, type Letter, letters, valuesOf } from './cast.ts'

export type StorySettings = {
  /** Vector entries past which some are dropped. */
  readonly vectorEntries?: number
}

/** A call under way. */
export type Pending = { op: OpId | undefined; result: CallResult | undefined }

/** What the owners' own rows held at the instant a reply left. */
export type AtReply = { readonly at: Micros; readonly rows: ReadonlyMap<Letter, string> }

export type HeldHint = { readonly owner: Letter; readonly siblings: Siblings }

export class StoryWorld {
  readonly context: Context
  readonly cast: Cast
  readonly key = 'cart' as Key
  readonly #transport: Transport
  readonly #clients = new Map<string, SimClient>()
  #cuts: Cut[] = []
  #atReply: AtReply | undefined

  constructor(settings: StorySettings) {
    const never = Number.POSITIVE_INFINITY
    const made = makeContext(optionsOf(settings), never, notice => this.#notice(notice))
    this.context = made.context
    this.#transport = made.transport
    this.cast = new Cast(made.context, this.key)
    for (const [i, letter] of letters.entries()) {
      const machine = this.machine(letter)
      machine.stepCost = i * 400
      machine.flushDelay = i * 2000
      machine.start()
    }
    this.until(() => this.#allKnow(), 'all know each other')
  }

  machine(letter: Letter): Machine {
    return this.context.machines.get(this.cast.node(letter)) as Machine
  }

  /** The last reply to a get or a put that left a node. */
  get atReply(): AtReply {
    assert(this.#atReply !== undefined, 'somebody was answered')
    return this.#atReply
  }

  // -- time --

  pass(ms: number): void {
    const { events } = this.context
    const end = events.now + ms * 1000
    while (events.step(end));
  }

  until(holds: () => boolean, what: string, limitMs = 30_000): void {
    const { events } = this.context
    const end = events.now + limitMs * 1000
    while (!holds()) if (!events.step(end)) throw new Error(`it never came about: ${what}`)
  }

  // -- faults --

  stop(letter: Letter): void {
    this.machine(letter).crash('it is switched off', false, undefined)
    this.#untilKnown(`${letter} is switched off`)
  }

  start(letter: Letter): void {
    this.machine(letter).start()
    this.#untilKnown(`${letter} is switched on`)
  }

  /** A disk that takes so much longer for each write than it did. */
  slowDisk(letter: Letter, ms: number): void {
    this.machine(letter).flushDelay += ms * 1000
  }

  /** Its directory is empty from now on, and no process runs. */
  wipe(letter: Letter): void {
    this.stop(letter)
    const machine = this.machine(letter)
    machine.replaceDisk(machine.emptied(), false)
  }

  /** Nothing passes between these any more; their connections break, so that both know. */
  cut(pairs: readonly (readonly [Letter, Letter])[]): void {
    for (const cut of this.#silence(pairs)) this.#transport.reset(cut, false)
    this.#untilKnown('the cut is noticed')
  }

  /** Nothing passes any more, and nobody has noticed yet. */
  silence(pairs: readonly (readonly [Letter, Letter])[]): void {
    this.#silence(pairs)
  }

  /** No answer of a node reaches this client. */
  deafen(client: string, letter: Letter): void {
    const cut = { from: this.cast.node(letter), to: client as ClientId }
    this.#cuts.push(cut)
    this.context.network.cut([cut], undefined, 1)
  }

  /** What was cut is whole again. `loses`: what was under way is lost first. */
  heal(loses = false): void {
    const cuts = this.#cuts
    this.#cuts = []
    if (loses) for (const cut of cuts) this.#transport.reset(cut, false)
    this.context.network.cut(cuts, undefined, -1)
    this.#untilKnown('the cut is healed')
  }

  #silence(pairs: readonly (readonly [Letter, Letter])[]): readonly Cut[] {
    const cuts = pairs.flatMap(([a, b]) => {
      const [from, to] = [this.cast.node(a), this.cast.node(b)]
      return [
        { from, to },
        { from: to, to: from },
      ]
    })
    this.#cuts.push(...cuts)
    this.context.network.cut(cuts, undefined, 1)
    return cuts
  }

  /** Until every node that runs knows whom it can reach. */
  #untilKnown(what: string): void {
    this.until(() => this.#allKnow(), what)
  }

  #allKnow(): boolean {
    const isHeard = (letter: Letter) =>
      !this.machine(letter).process?.replica.observe().reaping.unheard
    return letters.every(a => isHeard(a) && letters.every(b => a === b || this.#knows(a, b)))
  }

  #knows(a: Letter, b: Letter): boolean {
    const { process } = this.machine(a)
    if (process === undefined) return true
    const [from, to] = [this.cast.node(a), this.cast.node(b)]
    const { network } = this.context
    const isThere = this.machine(b).process !== undefined && !network.isCut(network.pair(from, to))
    return process.replica.placement.reachable(to) === isThere
  }

  // -- clients --

  /** Begins a call; `letter` coordinates it, or forwards it. */
  call(client: string, wanted: Wanted, letter: Letter, timeoutMs: number): Pending {
    const pending: Pending = { op: undefined, result: undefined }
    this.#client(client).call(wanted, timeoutMs, this.cast.node(letter), {
      onSent: (_, op) => {
        pending.op = op
      },
      onSettled: result => {
        pending.result = result
      },
    })
    return pending
  }

  #client(name: string): SimClient {
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const client = new SimClient(name as ClientId, this.context, this.#transport)
    this.#clients.set(name, client)
    return client
  }

  // -- disks --

  /** What a node durably holds of the key in its own row. */
  own(letter: Letter): Siblings | undefined {
    return this.#copies(letter).find(({ owner }) => owner === undefined)?.siblings
  }

  /** Is this value durable there, in its row or as a hint? */
  holds(letter: Letter, value: string): boolean {
    return this.#copies(letter).some(({ siblings }) => valuesOf(siblings.versions).includes(value))
  }

  /** The hints of the key that a node durably keeps. */
  hints(letter: Letter): readonly HeldHint[] {
    return this.#copies(letter).flatMap(({ owner, siblings }) => {
      return owner === undefined ? [] : { owner: this.cast.letter(owner), siblings }
    })
  }

  #copies(letter: Letter) {
    return [...this.machine(letter).disk.rows].flatMap(([row, bytes]) => {
      const copy = copyIn(row, bytes)
      return copy?.key === this.key ? copy : []
    })
  }

  #notice(notice: Notice): void {
    if (notice.type === 'durable') {
      for (const { key, value } of notice.rows) {
        const copy = value && copyIn(key, value)
        if (copy !== undefined) this.cast.learn(copy.siblings)
      }
    } else if (notice.type === 'threw') throw notice.error
    else if (notice.type === 'effect' && notice.effect.type === 'reply') {
      const { reply } = notice.effect
      if (reply.type === 'got' || reply.type === 'wrote') this.#noteReply()
    }
  }

  #noteReply(): void {
    const rows = new Map(letters.map(letter => [letter, this.cast.object(this.own(letter))]))
    this.#atReply = { at: this.context.events.now, rows }
  }
}

/** Links and flushes take a millisecond each. */
function optionsOf({ vectorEntries }: StorySettings): Options {
  return {
    seed: 1,
    shape: 'calm',
    seconds: 3600,
    nodes: letters.length,
    replicas: 3,
    readQuorum: 2,
    writeQuorum: 2,
    partitions: 8,
    transport: 'stream',
    clients: 0,
    keys: 1,
    operations: 0,
    latencyMs: [1, 0],
    flushMs: [1, 0],
    faults: {},
    vectorEntries: vectorEntries ?? 1_000_000,
    deadForEver: 0,
    patienceMs: usualPatienceMs,
    layersOff: [],
    hintBytesMax: undefined,
    disks: undefined,
    exchanges: 'usual',
  }
}
