/**
 * One process: the host of a real `Replica`, beside `src/node/runtime.ts` and after its rules.
 * Inputs are taken as they come, a turn ends behind them, effects are performed in order, a tick
 * comes every 20 ms, and what the process held in memory is gone when it ends.
 */
import { mutant, sometimes } from '#mutants'
import { spaceOf } from '../core/disk-space.ts'
import type { Holder } from '../core/holdings.ts'
import type { NodeId, StartId } from '../core/ids.ts'
import type { ClientReply, ClientRequest, PeerMessage } from '../core/message.ts'
import { Replica } from '../core/replica.ts'
import type { Caller, CommitId, Effect, Input, Row } from '../core/step.ts'
import type { Unsent } from '../core/unsent.ts'
import { coreSecrets } from '../wire/secret.ts'
import type { Micros } from './events.ts'
import type { CrashPoint } from './faults.ts'
import { simHash } from './hash.ts'
import { exchangeTimingOf } from './homes.ts'
import type { Machine } from './machine.ts'

/** The way back to a client, and whose requests come by it. */
export type ReplyPath = {
  readonly holder?: Holder
  readonly answer: (reply: ClientReply) => Unsent | undefined
}

type Delivery = { readonly lane: string; readonly run: () => void }

export class Process {
  readonly start: StartId
  readonly replica: Replica
  readonly #machine: Machine
  readonly #callers = new Map<Caller, ReplyPath>()
  #lastCaller = 0
  #ticks = 0
  #backlog: Delivery[] = []
  #busyUntil: Micros = 0
  #drainPlanned = false
  #turnPlanned = false
  #tickQueued = false
  #lastSent: PeerMessage | undefined
  /** It is killed at the end of this turn. */
  #doomed = false
  #ended = false

  constructor(machine: Machine, start: StartId) {
    const { id, context, disk, store, luck, whole } = machine
    this.#machine = machine
    const { hintBytesMax, layersOff } = context.options
    this.start = start
    this.replica = new Replica({
      self: id,
      cluster: context.cluster,
      store,
      start,
      settings: context.settings,
      members: context.members,
      secrets: coreSecrets(context.secret),
      hash: simHash,
      reads: disk.reads,
      random: count => luck.bytes(count),
      vectorEntriesMax: context.vectorEntries,
      owedPutsMax: context.options.owedPuts,
      checkpointChanges: 20,
      whole,
      commitsAtStart: machine.commitsAtStart,
      commits: () => disk.commits,
      handoff: !layersOff.includes('handoff'),
      exchange: !layersOff.includes('exchange'),
      exchangeTiming: exchangeTimingOf(context.options),
      frameBytes: context.limits.frameBytes,
      ...(hintBytesMax === undefined ? {} : { hintBytesMax }),
    })
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Requests of clients that are not answered. */
  get callers(): number {
    return this.#callers.size
  }

  begin(): void {
    this.#look()
    this.#step({ type: 'tick', wall: this.#machine.clock.wall(this.#machine.now) })
    // A trap may have sprung: then nothing more is done in its name.
    if (this.#ended) return
    this.#tickLoop()
    this.#machine.transport.tick(this.#machine)
  }

  end(): void {
    this.#ended = true
    this.#backlog = []
    this.#callers.clear()
  }

  /** Something reaches the process; what comes on one lane is taken in order. */
  deliver(lane: string, run: () => void): void {
    if (this.#ended) return
    const { now, paused } = this.#machine
    if (paused || this.#backlog.length > 0 || now < this.#busyUntil) {
      this.#backlog.push({ lane, run })
      this.#planDrain()
    } else this.#take(run)
  }

  /** It was stopped and goes on: all that is due comes at once, in a drawn order. */
  wake(): void {
    const lanes = new Map<string, Delivery[]>()
    for (const delivery of this.#backlog) {
      const lane = lanes.get(delivery.lane)
      if (lane === undefined) lanes.set(delivery.lane, [delivery])
      else lane.push(delivery)
    }
    if (this.#backlog.length > 100) sometimes('a process wakes with more than 100 things due')
    this.#backlog = []
    while (lanes.size > 0 && !this.#ended) {
      const name = this.#machine.pace.pick([...lanes.keys()])
      const lane = lanes.get(name) as Delivery[]
      lane.shift()?.run()
      if (lane.length === 0) lanes.delete(name)
    }
  }

  input(input: Input): void {
    if (this.#ended) return
    this.planTurn()
    this.#step(input)
  }

  message(from: NodeId, message: PeerMessage): void {
    this.input({ type: 'message', from, message })
    if (message.type === 'handoff') this.#mayDoomAt('taking-over')
    else if (message.type === 'handed') this.#mayDoomAt('handed-over')
  }

  request(path: ReplyPath, request: ClientRequest): void {
    const caller = ++this.#lastCaller as Caller
    this.#callers.set(caller, path)
    const { holder } = path
    this.input({ type: 'request', caller, request, ...(holder === undefined ? {} : { holder }) })
  }

  /** A turn's end is behind everything that is here already. */
  planTurn(): void {
    if (this.#turnPlanned) return
    this.#turnPlanned = true
    const { context, pace } = this.#machine
    context.events.after(pace.between(5, 200), () => this.deliver('turn', () => this.#endTurn()))
  }

  #endTurn(): void {
    const machine = this.#machine
    this.#turnPlanned = false
    this.#step({ type: 'turn' })
    if (this.#ended) return
    machine.transport.flush(machine)
    if (this.#doomed) this.#spring()
  }

  /** Returns how many effects it had. What is thrown ends the process, as it would a real one. */
  #step(input: Input): number {
    const { context, id } = this.#machine
    context.notice({ type: 'input', node: id, input })
    try {
      return this.#stepAndPerform(input)
    } catch (error) {
      context.notice({ type: 'threw', where: id, error })
      this.#machine.crash('it threw', false, restartDelay)
      return 0
    }
  }

  #stepAndPerform(input: Input): number {
    const { context, id, clock, now } = this.#machine
    const unsent: Input[] = []
    let at = 0
    for (const effect of this.replica.step(clock.monotonic(now), input)) {
      if (at++ > 0 && this.#isTrapped('between-effects')) {
        sometimes(`a crash ${crashes['between-effects']}`)
        this.#spring()
        return at
      }
      context.notice({ type: 'effect', node: id, effect })
      const back = this.#perform(effect)
      if (back !== undefined) unsent.push(back)
      if (this.#ended) return at
    }
    for (const back of unsent) {
      if (this.#ended) return at
      context.notice({ type: 'input', node: id, input: back })
      at += this.#stepAndPerform(back)
    }
    return at
  }

  /** Returns what comes back of it: a message that did not leave. */
  #perform(effect: Effect): Input | undefined {
    switch (effect.type) {
      case 'send': {
        const { to, message } = effect
        const isCopy = message === this.#lastSent
        this.#lastSent = message
        if (isCopy && mutant(715)) return undefined
        const why = this.#machine.transport.send(this.#machine, to, message)
        if (why !== undefined) return { type: 'unsent', to, message, why }
        this.#mayDoom(effect)
        return undefined
      }
      case 'reply':
        return this.#reply(effect)
      case 'commit':
        this.#commit(effect.commit, effect.rows)
        return undefined
      case 'halt':
        this.#machine.crash(`it halted: ${effect.reason}`, false, restartDelay)
        return undefined
      // Every machine of the world has a link to every other one.
      case 'peers':
      case 'note':
        return undefined
      case 'look':
        return this.#space()
    }
  }

  #reply(effect: Extract<Effect, { type: 'reply' }>): Input | undefined {
    const { caller, reply } = effect
    this.#mayDoom(effect)
    const why = this.#callers.get(caller)?.answer(reply)
    if (why !== undefined && why !== 'gone') return { type: 'unreplied', caller, reply, why }
    this.#callers.delete(caller)
    return undefined
  }

  #mayDoom(effect: Extract<Effect, { type: 'send' | 'reply' }>): void {
    const type = effect.type === 'send' ? effect.message.type : effect.reply.type
    if (type === 'store') this.#mayDoomAt('after-fan-out')
    else if (type === 'stored' || type === 'wrote') this.#mayDoomAt('after-ack')
    else if (type === 'handoff') this.#mayDoomAt('handing-over')
    else if (type === 'held') this.#mayDoomAt('after-answer')
  }

  /** Is this the point that a crash waits for? Then the turn is the last. */
  #mayDoomAt(point: CrashPoint): void {
    if (this.#ended || !this.#isTrapped(point)) return
    sometimes(`a crash ${crashes[point]}`)
    this.#doomed = true
  }

  #isTrapped(point: CrashPoint): boolean {
    const { trap } = this.#machine
    if (trap?.point !== point) return false
    trap.skip--
    return trap.skip < 0
  }

  #spring(): void {
    const { trap } = this.#machine
    if (trap === undefined) return
    if (trap.leaves) this.#machine.transport.flush(this.#machine)
    this.#machine.crash(`at a point: ${trap.point}`, trap.keeps, trap.down)
  }

  #commit(commit: CommitId, rows: readonly Row[]): void {
    const machine = this.#machine
    const { disk, context, pace } = machine
    if (!disk.begin(rows)) {
      this.deliver('disk', () => this.input({ type: 'stored', commit, result: 'refused' }))
      return
    }
    const [least, mean] = context.options.flushMs
    const usual = least * 1000 + pace.exponential(mean * 1000)
    context.events.after(Math.max(100, usual + machine.flushDelay), () => {
      if (!this.#ended) this.#flushed(commit, rows)
    })
  }

  #flushed(commit: CommitId, rows: readonly Row[]): void {
    const { failure, disk, id, context } = this.#machine
    if (failure !== undefined) {
      this.#machine.failure = undefined
      sometimes(`a failed flush ${failure.keeps ? 'keeps' : 'loses'} the commit`)
      this.#machine.crash('a commit was left in doubt', failure.keeps, failure.down)
      return
    }
    if (!disk.flush()) return this.#machine.foundNoRoom('commit')
    context.trace.add(context.events.now, `flush ${id}`, undefined)
    context.notice({ type: 'durable', node: id, rows })
    this.deliver('disk', () => this.input({ type: 'stored', commit, result: 'durable' }))
  }

  #tickLoop(): void {
    const { context, pace } = this.#machine
    context.events.after(tickMicros + pace.below(2000), () => {
      if (this.#ended) return
      if (!this.#tickQueued) {
        this.#tickQueued = true
        this.deliver('timer', () => this.#tick())
      }
      this.#tickLoop()
    })
  }

  #tick(): void {
    const machine = this.#machine
    this.#tickQueued = false
    if (++this.#ticks % diskTicks === 0) this.#look()
    machine.transport.tick(machine)
    if (this.#ended) return
    // A turn follows where the tick did something; else it would have nothing to end.
    if (this.#step({ type: 'tick', wall: machine.clock.wall(machine.now) }) > 0) this.planTurn()
  }

  #look(): void {
    const space = this.#space()
    if (space === undefined) return
    this.#step(space)
    this.planTurn()
  }

  /** What the disk still takes; undefined: it has no end. */
  #space(): Input | undefined {
    const { volume } = this.#machine.disk
    if (volume === undefined) return undefined
    return { type: 'disk', space: spaceOf(volume.disk, volume.file) }
  }

  #take(run: () => void): void {
    const { stepCost, now } = this.#machine
    if (stepCost > 0) this.#busyUntil = now + stepCost
    run()
  }

  #planDrain(): void {
    if (this.#drainPlanned || this.#machine.paused) return
    this.#drainPlanned = true
    this.#machine.context.events.at(this.#busyUntil, () => {
      this.#drainPlanned = false
      if (this.#ended || this.#machine.paused) return
      const next = this.#backlog.shift()
      if (next !== undefined) this.#take(next.run)
      if (this.#backlog.length > 0) this.#planDrain()
    })
  }
}

const crashes: { readonly [Point in CrashPoint]: string } = {
  'between-effects': 'between two effects of one step',
  'after-fan-out': 'between fan-out and flush',
  'after-ack': 'just after an ack left',
  'handing-over': 'of a holder that hands its hints over',
  'taking-over': 'of an owner that takes hints over',
  'handed-over': 'of a holder whose hints are home',
  'after-answer': 'just after an answer to a read left',
}
const tickMicros = 20_000
/** The disk is looked at each second. */
const diskTicks = 50
const restartDelay = 300_000
