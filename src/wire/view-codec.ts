/** The members and the settings of a cluster, as a node tells them to a client. */
import { membersMax } from '../core/membership/view.ts'
import type { ClusterSettings, MemberRecord, ViewReply } from '../core/message.ts'
import { counterMax } from './bounds.ts'
import { readRepairMode, writeRepairMode } from './client-request-codec.ts'
import { readAttribute, writeOptionalBytes } from './outcome-codec.ts'
import type { Writer } from './pack.ts'
import type { Reader } from './read.ts'
import { tags } from './tags.ts'

export function writeView(writer: Writer, reply: ViewReply): void {
  writer.array(6)
  writer.uint(tags.viewed)
  writer.uint(reply.id)
  writer.binary(reply.epoch)
  writeSettings(writer, reply.settings)
  writer.array(reply.members.length)
  for (const member of reply.members) writeMember(writer, member)
  writer.milliseconds(reply.time)
}

export function readView(reader: Reader): ViewReply {
  return {
    type: 'viewed',
    id: reader.uint(),
    epoch: reader.epoch(),
    settings: readSettings(reader),
    members: reader.list(readMember, membersMax),
    time: reader.uint(counterMax),
  }
}

/** [replicas, readQuorum, writeQuorum, partitions, fallbacks, valueBytesMax, readRepair] */
function writeSettings(writer: Writer, settings: ClusterSettings): void {
  writer.array(7)
  writer.uint(settings.replicas)
  writer.uint(settings.readQuorum)
  writer.uint(settings.writeQuorum)
  writer.uint(settings.partitions)
  writer.uint(settings.fallbacks)
  writer.uint(settings.valueBytesMax)
  writeRepairMode(writer, settings.readRepair)
}

function readSettings(reader: Reader): ClusterSettings {
  reader.array(7)
  return {
    replicas: reader.uint(membersMax),
    readQuorum: reader.uint(membersMax),
    writeQuorum: reader.uint(membersMax),
    partitions: reader.uint(65_536),
    fallbacks: reader.uint(membersMax),
    valueBytesMax: reader.uint(counterMax),
    readRepair: readRepairMode(reader),
  }
}

/** [id, host, port, weight, zone, key or nil, statement or nil] */
function writeMember(writer: Writer, member: MemberRecord): void {
  writer.array(7)
  writer.text(member.id)
  writer.text(member.host)
  writer.uint(member.port)
  writer.uint(member.weight)
  writer.text(member.zone)
  writeOptionalBytes(writer, member.key)
  writeOptionalBytes(writer, member.statement)
}

function readMember(reader: Reader): MemberRecord {
  reader.array(7)
  return {
    id: reader.node(),
    host: reader.text(253),
    port: reader.uint(65_535),
    weight: reader.uint(counterMax),
    zone: reader.text(64),
    key: reader.optional(readAttribute),
    statement: reader.optional(readAttribute),
  }
}
