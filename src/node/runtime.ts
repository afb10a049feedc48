/**
 * The only loop: inputs go into the replica, its effects are performed (design §1). Everything
 * that arrives in one turn of Node's loop is stepped as it comes; behind the poll phase, in
 * `setImmediate`, the turn ends: one `turn` input, so at most one commit, and one write for each
 * connection that has output.
 */
import type { Holder } from '../core/holdings.ts'
import type { Instant, NodeId } from '../core/ids.ts'
import type { ClientRequest, PeerMessage } from '../core/message.ts'
import { isAsked, isGossipAnswer } from '../core/message-class.ts'
import { type Failure, nothingDone } from '../core/outcome.ts'
import type { Replica } from '../core/replica.ts'
import type { Caller, CommitId, Effect, Input, PeerAddress, Row } from '../core/step.ts'
import type { Unsent } from '../core/unsent.ts'
import { SleepWatch } from './awake.ts'
import type { Channels } from './channels.ts'
import { ClientRoom } from './client-room.ts'
import type { Clock } from './clock.ts'
import type { Flushable } from './connection.ts'
import { type Counters, noCounters } from './counters.ts'
import { DiskWatch } from './disk-watch.ts'
import type { Faults } from './faults.ts'
import { Inbox } from './inbox.ts'
import { Listener } from './listener.ts'
import type { OpenedStore } from './lmdb-store.ts'
import type { Log } from './log.ts'
import { statusReply } from './node-status.ts'
import { Peers } from './peers.ts'

export type RuntimeOptions = {
  /** This node, and where it listens. */
  readonly self: PeerAddress
  readonly replica: Replica
  readonly store: OpenedStore
  readonly channels: Channels
  readonly clock: Clock
  readonly faults: Faults
  readonly log: Log
  /** What `kv node status` says of the process. */
  readonly identity: Parameters<typeof statusReply>[0]
  /** The store is not to be trusted any more: end the process; nothing leaves after this. */
  readonly onHalt: (reason: string, noRoom: boolean) => void
}

const tickMs = 20
/** The slower rounds, in ticks. */
const sweepTicks = 5
const diskTicks = 50
/** Where nobody tells what it had heard, a start does not wait longer. */
const recalledMs = 500
/** A clean stop waits so long for what is in flight. */
const drainMs = 1000

export class Runtime {
  readonly #options: RuntimeOptions
  readonly #counters: Counters = noCounters()
  readonly #inbox: Inbox
  readonly #listener: Listener
  readonly #peers: Peers
  #touched: Flushable[] = []
  #turnScheduled = false
  #timer: NodeJS.Timeout | undefined
  #ticks = 0
  readonly #disk: DiskWatch
  #halted = false
  readonly #watch = new SleepWatch()
  #commitUnderWay: Promise<void> | undefined

  constructor(options: RuntimeOptions) {
    this.#options = options
    const { channels, clock, faults, log } = options
    const host = {
      touch: (connection: Flushable) => this.#touch(connection),
      now: clock.now,
      faults,
      log,
      counters: this.#counters,
    }
    const { replica, store } = options
    this.#disk = new DiskWatch({ replica, store, log, step: input => this.#step(input) })
    const room = new ClientRoom(options.replica.holdings, host)
    this.#inbox = new Inbox({
      ...host,
      room,
      onRequest: (caller, request, holder) => this.#onRequest(caller, request, holder),
      onMessage: (from, message) => this.#onMessage({ type: 'message', from, message }),
    })
    this.#listener = new Listener({
      ...host,
      room,
      self: options.self.id,
      isMember: node => options.replica.isMember(node),
      onMember: node => this.#peers.heardFrom(node),
      onGossip: (from, message) => this.#input({ type: 'message', from, message }),
      channel: admit => channels.incoming(admit),
      inbox: this.#inbox,
    })
    this.#peers = new Peers({
      ...host,
      input: input => this.#input(input),
      channelTo: (member, now) => channels.outgoing(member, now),
    })
  }

  /** Listens, then dials and answers. Returns the port; rejects where it cannot listen. */
  async start(): Promise<number> {
    const { self, channels } = this.#options
    this.#disk.look()
    this.#step({ type: 'tick', wall: this.#options.clock.wall() })
    const port = await this.#listener.listen(self.host, self.port)
    channels.listening(port)
    this.#step({ type: 'listening', host: self.host, port })
    // Behind the poll phase: what came before a deadline is heard before it, however late we are.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), tickMs)
    this.#tick()
    return port
  }

  /**
   * Resolves once the other members were dialled: a node that says `ready` before that would
   * refuse its first request for want of replicas that are there. They tell at once what they had
   * heard of it: before that none of its answers counts to R.
   */
  async dialled(): Promise<void> {
    await this.#peers.firstDials()
    const until = this.#now() + recalledMs
    while (!this.#options.replica.observe().wholeness.heard && this.#now() < until) {
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  /** Accepts nobody, lets what is in flight end for up to a second, fails the rest, hangs up. */
  async stop(): Promise<void> {
    this.#listener.stopAccepting()
    const until = this.#now() + drainMs
    while (this.#inbox.callers > 0 && this.#now() < until && !this.#halted) {
      await new Promise(resolve => setTimeout(resolve, tickMs))
    }
    clearInterval(this.#timer)
    this.#input({ type: 'leave' })
    this.#endTurn()
    this.#options.faults.stop()
    this.#listener.stop(stoppedFailure)
    this.#peers.stop()
    // What the replica wants to keep for its next start may wait behind the commit under way.
    await this.#commitUnderWay
    this.#endTurn()
    await this.#commitUnderWay
    this.#halted = true
  }

  #now(): Instant {
    return this.#options.clock.now()
  }

  #onRequest(caller: Caller, request: ClientRequest, holder: Holder | undefined): void {
    switch (request.type) {
      case 'status':
        this.#answerStatus(caller, request.id)
        return
      case 'faults':
        this.#inbox.reply(caller, this.#options.faults.answer(request))
        return
      case 'put':
        this.#counters.puts++
        break
      case 'get':
        this.#counters.gets++
        break
      case 'scan':
      case 'inspect':
      case 'view':
      case 'gossip':
        break
    }
    const whose = holder === undefined ? {} : { holder }
    this.#input({ type: 'request', caller, ...whose, request })
  }

  #onMessage(input: Extract<Input, { type: 'message' }>): void {
    if (input.message.type === 'store') this.#counters.copies++
    else if (input.message.type === 'read') this.#counters.reads++
    this.#input(input)
  }

  #answerStatus(caller: Caller, id: number): void {
    const { identity, replica, store, faults } = this.#options
    this.#inbox.reply(
      caller,
      statusReply(identity, {
        id,
        now: this.#now(),
        keys: this.#disk.keyCount,
        commits: store.commits(),
        connected: this.#peers.connected(),
        view: replica.observe(),
        inFlight: this.#inbox.inFlight,
        connections: this.#listener.connections,
        counters: { ...this.#counters, lostOnPurpose: faults.lost },
      }),
    )
  }

  /** An input in this turn, whose end is scheduled behind everything else that arrived. */
  #input(input: Input): void {
    if (this.#halted) return
    this.#scheduleTurn()
    this.#step(input)
  }

  #step(input: Input): void {
    const now = this.#now()
    const woke = this.#watch.slept(now)
    if (woke) this.#hangUp()
    if (!woke || (input.type !== 'message' && input.type !== 'request'))
      this.#stepThrough(now, input)
    this.#watch.ended(this.#now())
  }

  #stepThrough(now: Instant, input: Input): void {
    let unsent = this.#performAll(this.#options.replica.step(now, input))
    // What did not leave is for the replica to act on, which may send something else.
    while (unsent.length > 0) {
      unsent = unsent.flatMap(back => this.#performAll(this.#options.replica.step(now, back)))
    }
  }

  /** Returns what did not leave. */
  #performAll(effects: readonly Effect[]): readonly Input[] {
    const unsent: Input[] = []
    for (const effect of effects) {
      if (this.#halted) return []
      const back = this.#perform(effect)
      if (back !== undefined) unsent.push(back)
    }
    return unsent
  }

  /**
   * This process was stopped for a while: who asked meanwhile has given up, and what lies unread
   * would be done late and for nobody. It was not heard either, so all dial anew.
   */
  #hangUp(): void {
    this.#options.log.warn('woke', {})
    this.#listener.hangUp('this node was stopped for a while')
  }

  /** Returns what comes back of it: a message that did not leave. */
  #perform(effect: Effect): Input | undefined {
    switch (effect.type) {
      case 'send': {
        const { to, message } = effect
        const why = this.#send(to, message)
        return why && { type: 'unsent', to, message, why }
      }
      case 'reply': {
        const { caller, reply } = effect
        const why = this.#inbox.reply(caller, reply)
        return why && { type: 'unreplied', caller, reply, why }
      }
      case 'peers':
        this.#peers.keep(effect.peers)
        return undefined
      case 'commit':
        this.#commitUnderWay = this.#commit(effect.commit, effect.rows)
        return undefined
      case 'note':
        this.#options.log.write(effect.note)
        return undefined
      case 'look':
        return { type: 'disk', space: this.#options.store.space() }
      case 'halt':
        this.#halt(effect.reason)
        return undefined
    }
  }

  #send(to: NodeId, message: PeerMessage): Unsent | undefined {
    if (isAsked(message)) return this.#peers.send(to, message)
    if (isGossipAnswer(message)) return this.#listener.answerGossip(to, message)
    return this.#listener.answer(to, message)
  }

  async #commit(commit: CommitId, rows: readonly Row[]): Promise<void> {
    this.#counters.commits++
    this.#counters.rows += rows.length
    const result = await this.#options.store.commit(rows)
    if (result === 'unknown') {
      this.#halt(this.#options.store.failure()?.message ?? 'a commit was left in doubt')
    } else this.#input({ type: 'stored', commit, result })
  }

  #halt(reason: string): void {
    if (this.#halted) return
    this.#halted = true
    clearInterval(this.#timer)
    this.#options.onHalt(reason, this.#options.store.failure()?.noRoom === true)
  }

  #touch(connection: Flushable): void {
    this.#touched.push(connection)
    this.#scheduleTurn()
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    setImmediate(() => this.#endTurn())
  }

  #endTurn(): void {
    this.#turnScheduled = false
    if (this.#halted) return
    this.#counters.turns++
    if (this.#inbox.resume()) this.#scheduleTurn()
    this.#step({ type: 'turn' })
    const touched = this.#touched
    this.#touched = []
    for (const connection of touched) connection.flush()
  }

  #tick(): void {
    if (this.#halted) return
    const now = this.#now()
    this.#ticks++
    if (this.#ticks % diskTicks === 0) this.#disk.look()
    if (this.#ticks % sweepTicks === 0) this.#listener.sweep(now)
    this.#peers.tick(now)
    this.#input({ type: 'tick', wall: this.#options.clock.wall() })
  }
}

const stoppedFailure: Failure = {
  code: 'ABORTED',
  message: 'the node stops',
  outcome: { ...nothingDone(0), definite: false },
}
