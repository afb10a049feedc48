/**
 * The client's machine: routing, retries, deadlines and outcomes, pure, so that the simulator
 * hosts the very same file that talks over sockets. A call goes straight to a node of its key's
 * preference list (Dynamo §6.4's "client-driven coordination"), moves on to another one when
 * that is slow, gone or busy, and ends by its deadline with an exact outcome.
 *
 *     call ──► waiting ──► sent ──► done            every arrow out of `sent` but the last
 *                 ▲          │                      keeps the earlier tries open: the first
 *                 └──────────┘ refused, lost, slow  success wins, whoever it comes from
 */
import { mutant, sometimes } from '#mutants'
import { after, type Instant, type NodeId, type OpId, type RequestId } from './ids.ts'
import type { ClientReply, FailReply, ViewReply } from './message.ts'
import type { Failure } from './outcome.ts'
import {
  type Call,
  type CallId,
  type CallResult,
  drawAnother,
  isWrite,
  mayHaveHappened,
  newCall,
  replyTypeOf,
  requestOf,
  type SuccessReply,
  type Try,
  type Wanted,
} from './session/call.ts'
import type { SessionEffect, SessionEnv, SessionInput } from './session/contract.ts'
import { Dialling } from './session/dialling.ts'
import { KnownCluster } from './session/known-cluster.ts'
import { middleOf } from './session/op-clock.ts'
import { Peers } from './session/peers.ts'
import { hasOthersToAsk, nodeFor } from './session/routing.ts'
import { costMs, expired, failed, failureOf, retryOf } from './session/verdict.ts'

export class Session {
  readonly #env: SessionEnv
  readonly #peers: Peers
  readonly #cluster: KnownCluster
  readonly #dialling: Dialling
  readonly #calls = new Map<CallId, Call>()
  readonly #tries = new Map<RequestId, Try>()
  #effects: SessionEffect[] = []
  #lastRequest = 0
  /** The request for a view under way, apart from any call. */
  #asking: { readonly id: RequestId; readonly node: NodeId; readonly at: Instant } | undefined
  #askAt = 0 as Instant

  constructor(env: SessionEnv) {
    this.#env = env
    this.#peers = new Peers(env.random)
    this.#cluster = new KnownCluster(env.hash)
    this.#dialling = new Dialling(this.#cluster, this.#peers, effect => {
      this.#effects.push(effect)
    })
  }

  /** The newest view; undefined until a node has told one. */
  get view(): ViewReply | undefined {
    return this.#cluster.view
  }

  /** Calls that have not settled: at rest none, and then no tick is needed. */
  get inFlight(): number {
    return this.#calls.size
  }

  step(now: Instant, input: SessionInput): readonly SessionEffect[] {
    switch (input.type) {
      case 'call':
        this.#begin(now, input.call, input.wanted, input.timeoutMs, input.via)
        break
      case 'abort':
        this.#abort(input.call)
        break
      case 'reply':
        this.#hear(now, input.from, input.reply)
        break
      case 'connected':
        this.#connected(now, input.node)
        break
      case 'disconnected':
        this.#disconnected(now, input.node, input.failure)
        break
      case 'unreachable':
        this.#unreachable(now, input.failure)
        break
      case 'tick':
        this.#tick(now)
        break
    }
    const effects = this.#effects
    if (effects.length > 0) this.#effects = []
    return effects
  }

  // -- the life of a call --

  #begin(now: Instant, id: CallId, wanted: Wanted, timeoutMs: number, via: NodeId | undefined) {
    const call = newCall(now, id, wanted, { timeoutMs, via })
    if (this.#calls.size >= this.#env.maxInFlight) {
      const text = `${this.#env.maxInFlight} calls are in flight: let some end before the next`
      const failure = failureOf('BUSY', text, this.#needed(call))
      this.#effects.push({ type: 'settle', call: id, result: failed(call, failure) })
      return
    }
    this.#calls.set(id, call)
    this.#advance(now, call)
  }

  #abort(id: CallId) {
    const call = this.#calls.get(id)
    if (call === undefined) return
    const failure = failureOf('CANCELLED', 'the caller no longer waits', this.#needed(call))
    this.#settle(call, failed(call, failure))
  }

  /** Sends the call to the best node that is left, or notes what it waits for. */
  #advance(now: Instant, call: Call) {
    call.dueAt = call.deadline
    if (call.wanted.type !== 'view' && this.#cluster.view === undefined) {
      this.#askView(now)
      if (this.#peers.connectedCount === 0) this.#wait(now, call)
      return
    }
    if (call.via !== undefined && this.#cluster.view !== undefined) {
      if (this.#cluster.member(call.via) === undefined) return this.#unknownNode(call, call.via)
    }
    if (call.lastFailure?.code === 'STALE_VIEW' && this.#asking !== undefined) {
      call.dueAt = earlier(call.deadline, after(now, askAgainMs))
      return
    }
    this.#dialling.replicasOf(now, call)
    const node = nodeFor(now, call, this.#cluster, this.#peers)
    if (node !== undefined) this.#send(now, call, node)
    else if (call.open.length === 0) this.#wait(now, call)
  }

  #send(now: Instant, call: Call, node: NodeId) {
    const id = ++this.#lastRequest
    const left = call.deadline - now
    // The node answers a little before we give up: what it knows is better than silence.
    const timeLeft = Math.max(1, Math.floor(left - Math.min(left / 10, answerMarginMsMax)))
    if (call.wanted.type === 'put') call.op ??= this.#newOp(now, call.wanted.context)
    const generation = this.#cluster.stampOf(call.op, call.partition, !mayHaveHappened(call))
    const envelope = { id, epoch: this.#cluster.epoch, timeLeft }
    const request = requestOf(call, envelope, call.op ?? ('' as OpId), generation)
    const one: Try = { id, call, node, sentAt: now, overdue: false }
    this.#tries.set(id, one)
    // One item, and not a list that grows from nothing: that takes room for 17.
    if (call.open.length === 0) call.open = [one]
    else if (call.open.push(one) > 1) sometimes('a client asks a second node beside the first')
    if (call.asked.length === 0) call.asked = [node]
    else if (!call.asked.includes(node)) call.asked.push(node)
    call.waitingSince = undefined
    call.dueAt = earlier(call.deadline, after(now, call.tryLimitMs))
    this.#peers.peer(node).inFlight++
    this.#effects.push({ type: 'send', to: node, request })
  }

  #newOp(now: Instant, context: Uint8Array | undefined): OpId {
    this.#cluster.ops.saw(now, context)
    return this.#cluster.ops.draw(now, this.#env.random)
  }

  /** Nobody to send to: somebody has to be reached first. */
  #wait(now: Instant, call: Call) {
    call.waitingSince ??= now
    if (call.via !== undefined && this.#cluster.view !== undefined) {
      return this.#dialling.dial(now, call.via, true)
    }
    if (this.#peers.connectedCount === 0) this.#dialling.anybody(now)
  }

  #settle(call: Call, result: CallResult) {
    this.#calls.delete(call.id)
    for (const one of call.open) this.#forget(one)
    this.#effects.push({ type: 'settle', call: call.id, result })
  }

  #forget(one: Try) {
    this.#tries.delete(one.id)
    const peer = this.#peers.peer(one.node)
    if (peer.inFlight > 0) peer.inFlight--
  }

  // -- answers --

  #hear(now: Instant, from: NodeId, reply: ClientReply) {
    if (reply.id === this.#asking?.id) return this.#hearView(now, from, reply)
    const one = this.#tries.get(reply.id)
    if (one === undefined || one.node !== from) {
      return sometimes('a client hears of a call that has ended')
    }
    const call = one.call
    this.#close(one)
    this.#peers.answered(now, from, costMs(now - one.sentAt, reply))
    if (reply.type === 'failed') return this.#refused(now, call, from, reply)
    if (reply.type !== replyTypeOf[call.wanted.type]) {
      call.unsure ||= isWrite(call)
      const failure = failureOf('PROTOCOL', `${from} answered something else`, this.#needed(call))
      return this.#retry(now, call, failure)
    }
    this.#learn(now, call, reply)
    this.#settle(call, { type: 'done', reply })
  }

  #learn(now: Instant, call: Call, reply: SuccessReply) {
    if (reply.type === 'viewed') this.#adopt(now, reply)
    else if (reply.type === 'got' || reply.type === 'wrote') {
      this.#cluster.sawGeneration(call.partition, reply.generation)
      this.#cluster.ops.saw(now, reply.context)
      if (reply.type === 'wrote') this.#cluster.ops.sawOp(now, reply.newest)
    }
    // It succeeded by a node whose clock differs from most: the next ids are by theirs.
    const { clocks } = call
    if (clocks !== undefined && 2 * clocks.size > this.#cluster.members().length) {
      this.#setClock(now, clocks)
    }
  }

  #refused(now: Instant, call: Call, from: NodeId, reply: FailReply) {
    const { failure, explained } = reply
    call.explained = explained ?? call.explained
    call.unsure ||= isWrite(call) && !failure.outcome.definite
    if (failure.code === 'STALE_VIEW') this.#askView(now, from)
    if (failure.floor !== undefined) this.#cluster.sawGeneration(call.partition, failure.floor)
    if (failure.time === undefined) return this.#retry(now, call, failure)
    call.clocks = new Map(call.clocks).set(from, failure.time)
    this.#ahead(now, call, failure)
  }

  /**
   * The operation id is of a time to come by that node's clock. The others may take it; where none
   * does the call goes on with an earlier one, but never while the first may have taken effect.
   */
  #ahead(now: Instant, call: Call, failure: Failure) {
    call.lastFailure = failure
    if (mutant(660)) return this.#settle(call, failed(call, failure))
    if (call.open.some(one => !one.overdue)) return
    if (hasOthersToAsk(call, this.#cluster, this.#peers)) return this.#advance(now, call)
    if (!mayHaveHappened(call) || mutant(661)) {
      sometimes('a client draws an earlier operation id')
      this.#setClock(now, call.clocks)
      drawAnother(call)
    }
    this.#retry(now, call, failure)
  }

  #setClock(now: Instant, clocks: Call['clocks']) {
    const time = middleOf(clocks?.values() ?? [])
    if (time !== undefined) this.#cluster.ops.told(now, time)
  }

  /** One try ended without success: another node after a moment, or the end. */
  #retry(now: Instant, call: Call, failure: Failure) {
    call.lastFailure = failure
    const retry = retryOf[failure.code]
    if (retry !== 'never') {
      sometimes('a client tries again after a refusal')
      if (call.open.some(one => !one.overdue)) return
      const backoffMs = this.#peers.jittered(call.refusals++)
      call.dueAt = earlier(call.deadline, after(now, backoffMs))
      if (retry === 'patiently' || hasOthersToAsk(call, this.#cluster, this.#peers)) return
    }
    this.#settle(call, failed(call, failure))
  }

  // -- connections --

  #connected(now: Instant, node: NodeId) {
    this.#peers.connect(node)
    this.#dialling.connected()
    if (this.#cluster.view === undefined) this.#askView(now)
    this.#wake(now)
  }

  #disconnected(now: Instant, node: NodeId, failure: Failure) {
    this.#peers.disconnect(now, node)
    this.#peers.keepOnly(id => this.#cluster.member(id) !== undefined)
    if (this.#asking?.node === node) this.#asking = undefined
    for (const call of [...this.#calls.values()]) {
      if (call.via !== node || call.waitingSince === undefined) continue
      this.#settle(call, failed(call, failure))
    }
    for (const one of [...this.#tries.values()]) {
      if (one.node === node) this.#lost(now, one, failure)
    }
  }

  /** The node may or may not have done it: only the same operation id may be sent again. */
  #lost(now: Instant, one: Try, failure: Failure) {
    const call = one.call
    this.#close(one)
    call.unsure ||= isWrite(call)
    call.lastFailure = failure
    if (!call.open.some(other => !other.overdue)) this.#advance(now, call)
  }

  #unreachable(now: Instant, failure: Failure) {
    this.#dialling.sought(now)
    if (this.#peers.connectedCount > 0) return
    for (const call of [...this.#calls.values()]) {
      if (call.waitingSince === undefined) continue
      call.lastFailure = failure
      const waitedMs = now - call.waitingSince
      if (this.#cluster.view !== undefined && waitedMs < waitForNodesMs) continue
      this.#settle(call, failed(call, failure))
    }
  }

  // -- the view --

  #askView(now: Instant, node?: NodeId) {
    if (this.#asking !== undefined || (node === undefined && now < this.#askAt)) return
    const chosen = node ?? this.#peers.choose(now, this.#peers.connected(), () => true)
    if (chosen === undefined) return
    this.#asking = { id: ++this.#lastRequest, node: chosen, at: now }
    this.#askAt = after(now, askAgainMs)
    this.#effects.push({ type: 'send', to: chosen, request: { type: 'view', id: this.#asking.id } })
  }

  #hearView(now: Instant, from: NodeId, reply: ClientReply) {
    if (this.#asking?.node !== from) return
    this.#asking = undefined
    if (reply.type === 'viewed') this.#adopt(now, reply)
  }

  #adopt(now: Instant, view: ViewReply) {
    if (this.#cluster.adopt(now, view)) this.#wake(now)
  }

  // -- time --

  #tick(now: Instant) {
    if (this.#asking !== undefined && now - this.#asking.at >= viewLimitMs) {
      this.#peers.silent(now, this.#asking.node, now - this.#asking.at)
      this.#asking = undefined
    }
    if (this.#cluster.view === undefined) this.#askView(now)
    for (const call of [...this.#calls.values()]) {
      if (now >= call.deadline) this.#settle(call, expired(call, this.#needed(call)))
      else if (now >= call.dueAt) this.#due(now, call)
      else if (call.waitingSince !== undefined) this.#advance(now, call)
    }
  }

  #due(now: Instant, call: Call) {
    for (const one of call.open) {
      if (one.overdue || now - one.sentAt < call.tryLimitMs) continue
      one.overdue = true
      this.#peers.silent(now, one.node, now - one.sentAt)
    }
    this.#advance(now, call)
  }

  /** Somebody or something new is there: whoever waited tries again. */
  #wake(now: Instant) {
    for (const call of [...this.#calls.values()]) {
      if (call.open.length === 0) this.#advance(now, call)
    }
  }

  #close(one: Try) {
    this.#forget(one)
    one.call.open.splice(one.call.open.indexOf(one), 1)
  }

  #needed(call: Call): number {
    const settings = this.#cluster.view?.settings
    if (call.wanted.type === 'get') return call.wanted.r ?? settings?.readQuorum ?? 0
    if (call.wanted.type === 'put') return call.wanted.w ?? settings?.writeQuorum ?? 0
    return 1
  }

  #unknownNode(call: Call, node: NodeId) {
    const text = `the cluster has no node ${node}`
    this.#settle(call, failed(call, failureOf('UNKNOWN_NODE', text, this.#needed(call))))
  }
}

const answerMarginMsMax = 50
/** How long a view may take before another node is asked, and how often one is asked for. */
const viewLimitMs = 500
const askAgainMs = 5
/** Nobody is connected any more: how long calls wait for somebody to come back. */
const waitForNodesMs = 1000

const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b)
