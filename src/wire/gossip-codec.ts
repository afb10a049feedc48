/** Gossip and probes between nodes, and what a node tells a client of its beliefs. */

import { type Belief, memberStatuses } from '../core/membership/beliefs.ts'
import {
  type Accusation,
  accusationsMax,
  type DigestEntry,
  type Load,
  type MemberDelta,
  type Profile,
  type Section,
} from '../core/membership/member-state.ts'
import { membersMax, type ViewEntry } from '../core/membership/view.ts'
import type {
  ClientReply,
  GossipAck,
  GossipReply,
  GossipSyn,
  GossipSynAck,
  MembershipMessage,
} from '../core/message.ts'
import { weightMax } from '../core/ring/claim.ts'
import { weightUnits } from '../core/ring/shares.ts'
import type { RecallMessage } from '../core/wholeness/recall-message.ts'
import { counterMax } from './bounds.ts'
import { readSkew, writeSkew } from './fault-codec.ts'
import { readAttribute, readNodes, writeNodes, writeOptionalBytes } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import { writeRecall } from './recall-codec.ts'
import type { Row } from './table.ts'
import { tags } from './tags.ts'

export function writeMembership(writer: Writer, message: MembershipMessage | RecallMessage): void {
  switch (message.type) {
    case 'recall':
    case 'recalled':
      writeRecall(writer, message)
      break
    case 'syn':
      writeViews(writer, 6, message)
      writer.boolean(message.digest.complete)
      writeDigest(writer, message.digest.entries)
      break
    case 'syn-ack':
      writeViews(writer, 6, message)
      writeDeltas(writer, message.deltas)
      writeDigest(writer, message.wants)
      break
    case 'ack':
      writeViews(writer, 5, message)
      writeDeltas(writer, message.deltas)
      break
    case 'ping':
    case 'pong':
      writer.array(2)
      writer.uint(tags[message.type])
      writer.uint(message.id)
      break
    case 'ping-for':
    case 'pong-for':
      writer.array(3)
      writer.uint(tags[message.type])
      writer.uint(message.id)
      writer.text(message.node)
  }
}

/** [tag, id, node, epoch, member, beliefs, rounds, lastExchangeMs or nil, refused] */
export function writeGossiped(writer: Writer, reply: GossipReply): void {
  writer.array(10)
  writer.uint(tags.gossiped)
  writer.uint(reply.id)
  writer.text(reply.node)
  writer.binary(reply.epoch)
  writer.boolean(reply.member)
  writer.array(reply.beliefs.length)
  for (const belief of reply.beliefs) writeBelief(writer, belief)
  writer.uint(reply.rounds)
  writeOptional(writer, reply.lastExchangeMs, value => writer.milliseconds(value))
  writer.uint(reply.refused)
  writeOptional(writer, reply.clockAheadMs, ms => writeSkew(writer, ms))
}

/** [node, status, φ in hundredths or nil, heardMs or nil, incarnation, heartbeat, accusers, keys or nil] */
function writeBelief(writer: Writer, belief: Belief): void {
  writer.array(8)
  writer.text(belief.node)
  writer.text(belief.status)
  writeOptional(writer, belief.phi, phi => writer.uint(Math.round(phi * 100)))
  writeOptional(writer, belief.heardMs, ms => writer.milliseconds(ms))
  writer.uint(belief.incarnation)
  writer.uint(belief.heartbeat)
  writeNodes(writer, belief.accusers)
  writeOptional(writer, belief.keys, keys => writer.uint(keys))
}

/** tag, id, epoch, view or nil */
function writeViews(
  writer: Writer,
  fields: number,
  message: GossipSyn | GossipSynAck | GossipAck,
): void {
  writer.array(fields)
  writer.uint(tags[message.type])
  writer.uint(message.id)
  writer.binary(message.epoch)
  writeOptional(writer, message.view, view => {
    writer.array(view.length)
    for (const entry of view) writeEntry(writer, entry)
  })
}

/** [id, removed, version, weight in 64ths, zone, key or nil, statement or nil] */
function writeEntry(writer: Writer, entry: ViewEntry): void {
  writer.array(7)
  writer.text(entry.id)
  writer.boolean(entry.removed)
  writer.uint(entry.version)
  writer.uint(entry.weight * weightUnits)
  writer.text(entry.zone)
  writeOptionalBytes(writer, entry.key)
  writeOptionalBytes(writer, entry.statement)
}

/** [[id, incarnation, heartbeat], ...] */
function writeDigest(writer: Writer, entries: readonly DigestEntry[]): void {
  writer.array(entries.length)
  for (const { id, incarnation, heartbeat } of entries) {
    writer.array(3)
    writer.text(id)
    writer.uint(incarnation)
    writer.uint(heartbeat)
  }
}

/** [[id, incarnation, heartbeat, since, profile or nil, load or nil, accusations or nil], ...] */
function writeDeltas(writer: Writer, deltas: readonly MemberDelta[]): void {
  writer.array(deltas.length)
  for (const delta of deltas) {
    writer.array(7)
    writer.text(delta.id)
    writer.uint(delta.incarnation)
    writer.uint(delta.heartbeat)
    writer.uint(delta.since)
    writeOptional(writer, delta.profile, profile => writeProfile(writer, profile))
    writeOptional(writer, delta.load, load => writeLoad(writer, load))
    writeOptional(writer, delta.accusations, accusations => writeAccusations(writer, accusations))
  }
}

/** [at, host, port, store, start, status] */
function writeProfile(writer: Writer, { at, value }: Section<Profile>): void {
  writer.array(6)
  writer.uint(at)
  writer.text(value.host)
  writer.uint(value.port)
  writer.binary(value.store)
  writer.binary(value.start)
  writer.text(value.status)
}

/** [at, keys, full] */
function writeLoad(writer: Writer, { at, value }: Section<Load>): void {
  writer.array(3)
  writer.uint(at)
  writer.uint(value.keys)
  writer.boolean(value.full)
}

/** [at, [[node, incarnation], ...]] */
function writeAccusations(writer: Writer, { at, value }: Section<readonly Accusation[]>): void {
  writer.array(2)
  writer.uint(at)
  writer.array(value.length)
  for (const { node, incarnation } of value) {
    writer.array(2)
    writer.text(node)
    writer.uint(incarnation)
  }
}

function writeOptional<Value>(
  writer: Writer,
  value: Value | undefined,
  write: (value: Value) => void,
): void {
  if (value === undefined) writer.nil()
  else write(value)
}

function readViews(reader: Reader): Pick<GossipAck, 'id' | 'epoch' | 'view'> {
  const id = reader.uint()
  const epoch = reader.epoch()
  return { id, epoch, view: reader.optional(r => r.list(readEntry, membersMax)) }
}

function readEntry(reader: Reader): ViewEntry {
  reader.array(7)
  return {
    id: reader.node(),
    removed: reader.boolean(),
    version: reader.uint(counterMax),
    weight: readWeight(reader),
    zone: reader.text(64),
    key: reader.optional(readAttribute),
    statement: reader.optional(readAttribute),
  }
}

function readWeight(reader: Reader): number {
  const units = reader.uint(weightMax * weightUnits)
  return units > 0 ? units / weightUnits : reader.refuse('a member without weight')
}

function readDigest(reader: Reader): DigestEntry[] {
  return reader.list(readDigestEntry, membersMax)
}

function readDigestEntry(reader: Reader): DigestEntry {
  reader.array(3)
  return {
    id: reader.node(),
    incarnation: reader.uint(counterMax),
    heartbeat: reader.uint(counterMax),
  }
}

function readDeltas(reader: Reader): MemberDelta[] {
  return reader.list(readDelta, membersMax)
}

function readDelta(reader: Reader): MemberDelta {
  reader.array(7)
  return {
    id: reader.node(),
    incarnation: reader.uint(counterMax),
    heartbeat: reader.uint(counterMax),
    since: reader.uint(counterMax),
    profile: reader.optional(readProfile),
    load: reader.optional(readLoad),
    accusations: reader.optional(readAccusations),
  }
}

function readProfile(reader: Reader): Section<Profile> {
  reader.array(6)
  const at = reader.uint(counterMax)
  const value: Profile = {
    host: reader.text(253),
    port: reader.uint(65_535),
    store: reader.id(8),
    start: reader.id(8),
    status: reader.oneOf(['alive', 'left']),
  }
  return { at, value }
}

function readLoad(reader: Reader): Section<Load> {
  reader.array(3)
  return {
    at: reader.uint(counterMax),
    value: { keys: reader.uint(counterMax), full: reader.boolean() },
  }
}

function readAccusations(reader: Reader): Section<readonly Accusation[]> {
  reader.array(2)
  return { at: reader.uint(counterMax), value: reader.list(readAccusation, accusationsMax) }
}

function readAccusation(reader: Reader): Accusation {
  reader.array(2)
  return { node: reader.node(), incarnation: reader.uint(counterMax) }
}

function readBelief(reader: Reader): Belief {
  reader.array(8)
  return {
    node: reader.node(),
    status: reader.oneOf(memberStatuses),
    phi: reader.optional(r => r.uint(counterMax) / 100),
    heardMs: reader.optional(r => r.uint(counterMax)),
    incarnation: reader.uint(counterMax),
    heartbeat: reader.uint(counterMax),
    accusers: readNodes(reader),
    keys: reader.optional(r => r.uint(counterMax)),
  }
}

function readGossiped(reader: Reader): GossipReply {
  return {
    type: 'gossiped',
    id: reader.uint(),
    node: reader.node(),
    epoch: reader.epoch(),
    member: reader.boolean(),
    beliefs: reader.list(readBelief, membersMax),
    rounds: reader.uint(counterMax),
    lastExchangeMs: reader.optional(r => r.uint(counterMax)),
    refused: reader.uint(counterMax),
    clockAheadMs: reader.optional(readSkew),
  }
}

function readSyn(reader: Reader): GossipSyn {
  const views = readViews(reader)
  const complete = reader.boolean()
  return { type: 'syn', ...views, digest: { entries: readDigest(reader), complete } }
}

function readSynAck(reader: Reader): GossipSynAck {
  const views = readViews(reader)
  return { type: 'syn-ack', ...views, deltas: readDeltas(reader), wants: readDigest(reader) }
}

export const gossipedRow: Row<ClientReply> = { tag: tags.gossiped, arity: 10, read: readGossiped }

export const membershipRows: readonly Row<MembershipMessage>[] = [
  { tag: tags.syn, arity: 6, read: readSyn },
  { tag: tags['syn-ack'], arity: 6, read: readSynAck },
  {
    tag: tags.ack,
    arity: 5,
    read: reader => ({ type: 'ack', ...readViews(reader), deltas: readDeltas(reader) }),
  },
  { tag: tags.ping, arity: 2, read: reader => ({ type: 'ping', id: reader.uint() }) },
  { tag: tags.pong, arity: 2, read: reader => ({ type: 'pong', id: reader.uint() }) },
  {
    tag: tags['ping-for'],
    arity: 3,
    read: reader => ({ type: 'ping-for', id: reader.uint(), node: reader.node() }),
  },
  {
    tag: tags['pong-for'],
    arity: 3,
    read: reader => ({ type: 'pong-for', id: reader.uint(), node: reader.node() }),
  },
]
