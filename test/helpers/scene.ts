/** What a checker looks at, made by hand: disks that a test writes, and the calls that it tells of. */
import { itemDigest } from '../../src/core/causality/digest.ts'
import { encodeObject } from '../../src/core/causality/object.ts'
import { encodeRecord } from '../../src/core/causality/record.ts'
import {
  noSiblings,
  putVersion,
  type Seen,
  type Siblings,
} from '../../src/core/causality/siblings.ts'
import { tokenOf } from '../../src/core/hash.ts'
import type { Actor, Key, NodeId, OpId } from '../../src/core/ids.ts'
import type { PeerMessage } from '../../src/core/message.ts'
import { type Code, nothingDone, type Outcome } from '../../src/core/outcome.ts'
import { hintRowKey, objectRowKey } from '../../src/core/row-key.ts'
import type { RowKey } from '../../src/core/step.ts'
import type { Checker, MakeChecker, Scene } from '../../src/sim/check/checker.ts'
import { newDecoded } from '../../src/sim/check/decoded.ts'
import type { ClientId } from '../../src/sim/client.ts'
import { Disk } from '../../src/sim/disk.ts'
import { simHash } from '../../src/sim/hash.ts'
import { type Call, History, payloadOf, valueSizesOf, type Write } from '../../src/sim/history.ts'

export const key = 'k' as Key
export const token = tokenOf(simHash, key)
export const [n1, n2, n3, n4] = ['n1', 'n2', 'n3', 'n4'] as [NodeId, NodeId, NodeId, NodeId]
const nodes = [n1, n2, n3, n4]

type TestMachine = { readonly id: NodeId; readonly disk: Disk }

export class TestScene {
  readonly history: History
  readonly failures: string[] = []
  readonly machines = new Map<NodeId, TestMachine>()
  readonly dead = new Set<NodeId>()
  readonly checker: Checker
  readonly #events = { now: 0 }
  #writes = 0

  /** With small frames where they are given, and values as large as these allow. */
  constructor(make: MakeChecker, frames: { readonly frameBytes?: number } = {}) {
    this.history = new History(valueSizesOf(frames))
    for (const id of nodes) this.machines.set(id, { id, disk: new Disk() })
    const scene = {
      context: {
        events: this.#events,
        machines: this.machines,
        members: nodes.map(id => ({ id })),
        settings: { replicas: 3, readQuorum: 2, writeQuorum: 2, readRepair: 'blocking' },
        options: {
          layersOff: [],
          nodes: 4,
          replicas: 3,
          partitions: 8,
          readQuorum: 2,
          writeQuorum: 2,
          faults: {},
          ...frames,
        },
        prunes: false,
      },
      decoded: newDecoded(),
      history: this.history,
      clients: [],
      faults: [],
      dead: this.dead,
      mayReturn: (write: Write) => write.dots > 1,
      fail: (invariant: string, _: Key | undefined, story: string) => {
        this.failures.push(`${invariant}: ${story}`)
      },
    }
    this.checker = make(scene as unknown as Scene)
  }

  /** A write of a client that had been shown these. */
  write(saw: readonly Write[] = [], deletes = false): Write {
    const number = ++this.#writes
    const write = this.history.newWrite(`c1.${number}`, key, deletes, saw)
    this.history.named(write, String(number).padStart(12, '0') as OpId)
    write.needed = 2
    return write
  }

  /** The row is durable on a node's disk: its own, or a hint for an owner. */
  durable(node: NodeId, siblings: Siblings | undefined, owner?: NodeId): void {
    const row = rowOf(owner)
    const value = siblings && bytesOfRow(siblings, owner)
    const { disk } = this.machines.get(node)!
    disk.begin([{ key: row, value }])
    disk.flush()
    this.checker.onNotice?.({ type: 'durable', node, rows: [{ key: row, value }] })
  }

  /** One bit of a node's row turns over. */
  rot(node: NodeId): void {
    const { disk } = this.machines.get(node)!
    const before = new Map(disk.rows)
    disk.rot(rowOf(undefined), 200)
    this.checker.onNotice?.({ type: 'destroyed', node, before, rots: true })
  }

  /** A node's directory is replaced by an empty one. */
  wipe(node: NodeId): void {
    const { disk } = this.machines.get(node)!
    const before = new Map(disk.rows)
    disk.replace({ rows: new Map(), commits: 0 })
    this.checker.onNotice?.({ type: 'destroyed', node, before, rots: false })
  }

  /** It is this millisecond now. */
  at(ms: number): void {
    this.#events.now = ms * 1000
  }

  receives(node: NodeId, from: NodeId, message: PeerMessage): void {
    this.checker.onNotice?.({ type: 'input', node, input: { type: 'message', from, message } })
  }

  sends(node: NodeId, to: NodeId, message: PeerMessage): void {
    this.checker.onNotice?.({ type: 'effect', node, effect: { type: 'send', to, message } })
  }

  /** A call that begins and ends at these milliseconds. */
  put(write: Write, from: number, to: number, how: Partial<Call & Outcome> = {}): void {
    const outcome = { ...nothingDone(2, write.op, [n1, n2]), ...how }
    const rest = {
      id: 1,
      context: new Uint8Array(0),
      newest: undefined,
      siblings: 0,
      generation: 0,
    }
    const reply = { type: 'wrote', ...rest, outcome, explained: undefined } as const
    this.#settle({ kind: 'put', write, shown: [], result: { type: 'done', reply } }, from, to, how)
  }

  get(shown: readonly Write[], from: number, to: number, how: Partial<Call & Outcome> = {}): void {
    const outcome = { ...nothingDone(2, undefined, [n1, n2]), ...how }
    const versions = shown.map(write => ({
      dot: dotOf(write),
      op: write.op!,
      value: payloadOf(write),
      at: 0,
      via: n1,
    }))
    const rest = { id: 1, context: new Uint8Array(0), generation: 0, explained: undefined }
    const reply = { type: 'got', ...rest, versions, outcome } as const
    const result = { type: 'done', reply } as const
    this.#settle({ kind: 'get', write: undefined, shown, result }, from, to, how)
  }

  /** A get, or a put of this, that fails in a world that has healed. */
  fails(code: Code, write: Write | undefined, how: Partial<Call> = {}): void {
    const failure = { code, message: code, outcome: nothingDone(2, write?.op) }
    const kind = write === undefined ? 'get' : 'put'
    const result = { type: 'failed', failure, explained: undefined } as const
    this.#settle({ kind, write, shown: [], result }, 100, 200, { phase: 'after', ...how })
  }

  #settle(
    what: Pick<Call, 'kind' | 'write' | 'shown' | 'result'>,
    from: number,
    to: number,
    how: Partial<Call>,
  ): void {
    const call: Call = {
      number: 0,
      client: 'c1' as ClientId,
      key,
      needed: 2,
      again: false,
      strict: false,
      repair: 'blocking',
      spoiled: false,
      phase: 'faults',
      at: from * 1000,
      timeoutMs: 1000,
      via: undefined,
      settledAt: to * 1000,
      abandoned: false,
      ...how,
      ...what,
    }
    this.#events.now = to * 1000
    this.checker.onNotice?.({ type: 'settled', call, client: call.client })
  }
}

/** The object that holds these writes, each by a dot of its own, having seen what they saw. */
export function holding(...writes: readonly Write[]): Siblings {
  let siblings = noSiblings
  for (const write of writes) siblings = putVersion(siblings, seenBy(write), versionOf(write))
  return siblings
}

export function storeOf(write: Write, owner?: NodeId): PeerMessage {
  const envelope = { id: 7, epoch: '' as never, timeLeft: 1000 }
  const copy = { key, token, object: encodeObject(holding(write)), generation: 0, time: 0 }
  return { type: 'store', ...envelope, ...copy, owner }
}

export const storedReply: PeerMessage = {
  type: 'stored',
  id: 7,
  whole: true,
  refused: undefined,
}

export function dotOf(write: Write) {
  return { actor: write.op!.slice(-8) as Actor, counter: 1 }
}

function seenBy({ saw }: Write): Seen {
  const vector = saw.map(dotOf).sort((a, b) => (a.actor < b.actor ? -1 : 1))
  return { vector, ops: [], pins: [] }
}

function versionOf(write: Write) {
  const value = payloadOf(write)
  const checksum = simHash.crc32(value)
  return { dot: dotOf(write), op: write.op!, tombstone: false, checksum, at: 0, via: n1, value }
}

function rowOf(owner: NodeId | undefined): RowKey {
  return owner === undefined ? objectRowKey(token, key) : hintRowKey(token, key, owner)
}

function bytesOfRow(siblings: Siblings, owner: NodeId | undefined): Uint8Array {
  const object = encodeObject(siblings)
  const digest = itemDigest(simHash, 'd', key, siblings)
  const record = { object, digest, time: 0, generation: 0, field: undefined }
  const bytes = encodeRecord(simHash, key, record)
  return owner === undefined ? bytes : Uint8Array.of(0, 0, 0, 0, 0, 0, ...bytes)
}
