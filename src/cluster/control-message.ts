/**
 * What `kv` and a supervisor say to each other over the control socket: arrays by position, as
 * every message here, but of their own small set, for no node ever hears one.
 */
import { type Code, codes } from '../core/outcome.ts'
import type { Writer } from '../wire/pack.ts'
import { type Malformed, type Reader, readMessage } from '../wire/read.ts'
import type { Ending } from './end-processes.ts'
import {
  type Action,
  actions,
  type NodeProcess,
  type ProcessState,
  processStates,
} from './node-process.ts'

export type ControlRequest =
  | { readonly type: 'processes'; readonly id: number }
  | { readonly type: 'act'; readonly id: number; readonly node: string; readonly action: Action }
  /** End every node, answer, and end yourself. */
  | { readonly type: 'down'; readonly id: number }

export type ControlReply =
  | {
      readonly type: 'processes-are'
      readonly id: number
      readonly pid: number
      readonly nodes: readonly NodeProcess[]
    }
  | {
      readonly type: 'acted'
      readonly id: number
      readonly from: ProcessState
      readonly to: ProcessState
    }
  | {
      readonly type: 'ended'
      readonly id: number
      readonly endings: readonly (readonly [name: string, ending: Ending])[]
    }
  | {
      readonly type: 'refused'
      readonly id: number
      readonly code: Code
      readonly message: string
      readonly suggestions: readonly string[]
    }

/** [64, id] · [65, id, node, action] · [66, id] */
export function writeControlRequest(writer: Writer, request: ControlRequest): void {
  writer.array(request.type === 'act' ? 4 : 2)
  writer.uint(tags[request.type])
  writer.uint(request.id)
  if (request.type === 'act') {
    writer.text(request.node)
    writer.text(request.action)
  }
}

/** [67, id, pid, nodes] · [68, id, from, to] · [69, id, endings] · [70, id, code, message, suggestions] */
export function writeControlReply(writer: Writer, reply: ControlReply): void {
  writer.array(arities[reply.type])
  writer.uint(tags[reply.type])
  writer.uint(reply.id)
  switch (reply.type) {
    case 'processes-are':
      writer.uint(reply.pid)
      writer.array(reply.nodes.length)
      for (const node of reply.nodes) writeNode(writer, node)
      break
    case 'acted':
      writer.text(reply.from)
      writer.text(reply.to)
      break
    case 'ended':
      writer.array(reply.endings.length)
      for (const pair of reply.endings) writeTexts(writer, pair)
      break
    case 'refused':
      writer.text(reply.code)
      writer.text(reply.message.slice(0, textMax))
      writeTexts(writer, reply.suggestions)
  }
}

export function decodeControlRequest(
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): ControlRequest | Malformed {
  return readMessage(bytes, from, to, readRequest)
}

export function decodeControlReply(
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): ControlReply | Malformed {
  return readMessage(bytes, from, to, readReply)
}

/** Apart from those of the handshake and of nodes, so that a mix-up is refused and not misread. */
const tags = {
  processes: 64,
  act: 65,
  down: 66,
  'processes-are': 67,
  acted: 68,
  ended: 69,
  refused: 70,
} as const
const arities = { 'processes-are': 4, acted: 4, ended: 3, refused: 5 } as const
const endings = ['gone', 'stopped', 'killed'] as const satisfies readonly Ending[]
const nodesMax = 1024
const linesMax = 20
/** Longest text of one line, in bytes. */
const textMax = 1000

/** [name, state, pid or nil, startedAt or nil, restarts, waitsFor or nil, lastLines] */
function writeNode(writer: Writer, node: NodeProcess): void {
  writer.array(7)
  writer.text(node.name)
  writer.text(node.state)
  for (const number of [node.pid, node.startedAt]) {
    if (number === undefined) writer.nil()
    else writer.uint(number)
  }
  writer.uint(node.restarts)
  if (node.waitsFor === undefined) writer.nil()
  else writer.text(node.waitsFor.slice(0, textMax))
  writeTexts(writer, node.lastLines)
}

function writeTexts(writer: Writer, texts: readonly string[]): void {
  writer.array(texts.length)
  for (const text of texts) writer.text(text.slice(0, textMax))
}

function readRequest(reader: Reader): ControlRequest {
  const arity = reader.count(4)
  const tag = reader.uint(127)
  const id = reader.uint()
  if (tag === tags.processes && arity === 2) return { type: 'processes', id }
  if (tag === tags.down && arity === 2) return { type: 'down', id }
  if (tag !== tags.act || arity !== 4) return reader.refuse('no request of a control socket')
  return { type: 'act', id, node: reader.text(textMax), action: reader.oneOf(actions) }
}

function readReply(reader: Reader): ControlReply {
  const arity = reader.count(5)
  const tag = reader.uint(127)
  const id = reader.uint()
  if (tag === tags['processes-are'] && arity === arities['processes-are']) {
    const pid = reader.uint()
    return { type: 'processes-are', id, pid, nodes: reader.list(readNode, nodesMax) }
  }
  if (tag === tags.acted && arity === arities.acted) {
    return { type: 'acted', id, from: reader.oneOf(processStates), to: reader.oneOf(processStates) }
  }
  if (tag === tags.ended && arity === arities.ended) {
    return { type: 'ended', id, endings: reader.list(readEnding, nodesMax) }
  }
  if (tag !== tags.refused || arity !== arities.refused) {
    return reader.refuse('no reply of a control socket')
  }
  const code = reader.oneOf(codes)
  const message = reader.text(textMax)
  return { type: 'refused', id, code, message, suggestions: readTexts(reader) }
}

function readNode(reader: Reader): NodeProcess {
  reader.array(7)
  return {
    name: reader.text(textMax),
    state: reader.oneOf(processStates),
    pid: reader.optional(r => r.uint()),
    startedAt: reader.optional(r => r.uint()),
    restarts: reader.uint(),
    waitsFor: reader.optional(r => r.text(textMax)),
    lastLines: readTexts(reader),
  }
}

function readEnding(reader: Reader): readonly [string, Ending] {
  reader.array(2)
  return [reader.text(textMax), reader.oneOf(endings)]
}

function readTexts(reader: Reader): string[] {
  return reader.list(r => r.text(textMax), linesMax)
}
