/** A session between a test and its nodes: values in, values out, no sockets and no clock. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { binaryOfUint48 } from '../../src/core/binary.ts'
import type { Hash } from '../../src/core/hash.ts'
import type { Epoch, Instant, Key, NodeId, OpId, RequestId } from '../../src/core/ids.ts'
import type { ClientReply, ClientRequest, MemberRecord, ViewReply } from '../../src/core/message.ts'
import { type Code, type Failure, nothingDone } from '../../src/core/outcome.ts'
import type { CallId, CallResult, Wanted } from '../../src/core/session/call.ts'
import type { SessionEffect } from '../../src/core/session/contract.ts'
import { Session } from '../../src/core/session.ts'

export const testHash: Hash = {
  sha256: binary => createHash('sha256').update(binary, 'latin1').digest('binary'),
  crc32: (bytes, seed = 0) => crc32(bytes, seed),
}

export const node = (name: string) => name as NodeId
export const key = (text: string) => text as Key

/** The same bytes for the same seed (xorshift32). */
export function seededRandom(seed: number): (count: number) => string {
  let state = seed | 1
  return count => {
    let text = ''
    for (let i = 0; i < count; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      text += String.fromCharCode((state >>> 16) & 255)
    }
    return text
  }
}

export function memberOf(name: string, port = 4700): MemberRecord {
  const id = node(name)
  return { id, host: '127.0.0.1', port, weight: 1, zone: 'a', key: undefined, statement: undefined }
}

export function viewOf(names: readonly string[], fields: Partial<ViewReply> = {}): ViewReply {
  return {
    type: 'viewed',
    id: 0,
    epoch: 'epoch-01' as Epoch,
    settings: {
      replicas: 3,
      readQuorum: 2,
      writeQuorum: 2,
      partitions: 16,
      fallbacks: Math.max(0, Math.min(3, names.length - 3)),
      valueBytesMax: 1024 * 1024,
      readRepair: 'blocking',
    },
    members: names.map((name, i) => memberOf(name, 4701 + i)),
    time: 1_700_000_000_000,
    ...fields,
  }
}

export function failureOf(code: Code, definite = true): Failure {
  return { code, message: code, outcome: { ...nothingDone(2), definite } }
}

export const five = ['n1', 'n2', 'n3', 'n4', 'n5']

export type Sent = { readonly to: NodeId; readonly request: ClientRequest }

export class SessionWorld {
  readonly session: Session
  now = 1000 as Instant
  sent: Sent[] = []
  dialled: NodeId[] = []
  seeks = 0
  readonly settled = new Map<CallId, CallResult[]>()
  #lastCall = 0

  constructor(seed = 1, maxInFlight = 1024) {
    this.session = new Session({ hash: testHash, random: seededRandom(seed), maxInFlight })
  }

  /** A session that has its view and these nodes connected. */
  static ready(connected: readonly string[] = five, seed = 1, maxInFlight = 1024): SessionWorld {
    const world = new SessionWorld(seed, maxInFlight)
    for (const name of connected) world.connect(name)
    world.answerView(viewOf(five))
    world.sent = []
    return world
  }

  take(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.sent.push(effect)
      else if (effect.type === 'connect') this.dialled.push(effect.node)
      else if (effect.type === 'seek') this.seeks++
      else {
        const results = this.settled.get(effect.call) ?? []
        this.settled.set(effect.call, [...results, effect.result])
      }
    }
  }

  connect(name: string): void {
    this.take(this.session.step(this.now, { type: 'connected', node: node(name) }))
  }

  disconnect(name: string, failure = failureOf('UNREACHABLE')): void {
    this.take(this.session.step(this.now, { type: 'disconnected', node: node(name), failure }))
  }

  call(wanted: Wanted, timeoutMs = 1000, via?: string): CallId {
    const call = ++this.#lastCall as CallId
    const pinned = via === undefined ? undefined : node(via)
    this.take(this.session.step(this.now, { type: 'call', call, wanted, timeoutMs, via: pinned }))
    return call
  }

  get(text = 'k', timeoutMs = 1000, via?: string): CallId {
    return this.call(
      {
        type: 'get',
        key: key(text),
        r: undefined,
        strict: false,
        repair: undefined,
        explain: false,
      },
      timeoutMs,
      via,
    )
  }

  put(text = 'k', timeoutMs = 1000, via?: string, op?: OpId): CallId {
    return this.call(putOf(text, op), timeoutMs, via)
  }

  abort(call: CallId): void {
    this.take(this.session.step(this.now, { type: 'abort', call }))
  }

  unreachable(failure = failureOf('UNREACHABLE')): void {
    this.take(this.session.step(this.now, { type: 'unreachable', failure }))
  }

  /** Lets time pass, with a tick every 20 ms as the host does. */
  pass(ms: number): void {
    const end = this.now + ms
    while (this.now < end) {
      this.now = Math.min(end, this.now + 20) as Instant
      this.take(this.session.step(this.now, { type: 'tick' }))
    }
  }

  reply(to: Sent, reply: ClientReply): void {
    this.take(this.session.step(this.now, { type: 'reply', from: to.to, reply }))
  }

  refuse(to: Sent, code: Code, definite = true): void {
    this.fail(to, failureOf(code, definite))
  }

  /** This node's clock is more than a day behind the operation id. */
  refuseAhead(to: Sent, time: number, definite = true): void {
    this.fail(to, { ...failureOf('OP_AHEAD', definite), time })
  }

  fail(to: Sent, failure: Failure): void {
    this.reply(to, { type: 'failed', id: to.request.id, failure, explained: undefined })
  }

  succeed(to: Sent, generation = 0): void {
    this.reply(to, successOf(to, generation))
  }

  answerView(view: ViewReply): void {
    const ask = this.sent.findLast(one => one.request.type === 'view')
    if (ask === undefined) throw new Error('no view was asked for')
    this.reply(ask, { ...view, id: ask.request.id })
  }

  /** The only result of this call; undefined where it has not settled. */
  result(call: CallId): CallResult | undefined {
    const results = this.settled.get(call) ?? []
    if (results.length > 1) throw new Error('a call settled twice')
    return results[0]
  }

  failure(call: CallId): Failure {
    const result = this.result(call)
    if (result?.type !== 'failed') throw new Error(`the call did not fail: ${result?.type}`)
    return result.failure
  }

  last(): Sent {
    const sent = this.sent.at(-1)
    if (sent === undefined) throw new Error('nothing was sent')
    return sent
  }
}

export function putOf(text: string, op?: OpId): Wanted {
  const value = Uint8Array.of(1)
  return {
    type: 'put',
    key: key(text),
    value,
    context: undefined,
    w: undefined,
    op,
    strict: false,
    explain: false,
  }
}

export function opOf(time: number, tail = 'abcdef'): OpId {
  return (binaryOfUint48(time) + tail) as OpId
}

export function successOf({ request }: Sent, generation = 0): ClientReply {
  const id: RequestId = request.id
  const outcome = nothingDone(2)
  const context = Uint8Array.of(7)
  switch (request.type) {
    case 'get':
      return { type: 'got', id, versions: [], context, generation, outcome, explained: undefined }
    case 'put':
      return {
        type: 'wrote',
        id,
        context,
        newest: undefined,
        siblings: 0,
        generation,
        outcome,
        explained: undefined,
      }
    case 'wholeness': {
      const all = { whole: true, unwhole: 0, waitsFor: [], helped: 0 }
      return { type: 'wholeness-is', id, node: 'n1' as NodeId, ...all }
    }
    case 'scan':
      return { type: 'page', id, keys: [], cursor: undefined, missing: undefined }
    case 'view':
      return viewOf(five, { id })
    case 'inspect':
    case 'gossip':
    case 'faults':
    case 'hints':
    case 'exchange':
    case 'repair':
    case 'count':
    case 'status':
      return { type: 'failed', id, failure: failureOf('INTERNAL'), explained: undefined }
  }
}
