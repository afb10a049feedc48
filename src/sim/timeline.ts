/**
 * A failure made readable: what was violated, in which world, and then all that happened to that
 * one key, a line an event, a column a node.
 */
import { hexOf } from '../core/binary.ts'
import { decodeCheckedObject } from '../core/causality/object.ts'
import type { Siblings, Version } from '../core/causality/siblings.ts'
import type { Key, NodeId } from '../core/ids.ts'
import type { PeerMessage } from '../core/message.ts'
import { hintOfRow, keyOfRow } from '../core/row-key.ts'
import type { Effect, Input, Row } from '../core/step.ts'
import type { Violation } from './check/checker.ts'
import { copyIn, isHint } from './check/decoded.ts'
import type { Micros } from './events.ts'
import type { Fault } from './faults.ts'
import type { Call, History } from './history.ts'
import type { Notice } from './notice.ts'
import type { Options } from './options.ts'
import { faultLine } from './run.ts'
import { type Plan, World } from './world.ts'

/** How to run the same world again. */
export type Replay = { readonly command: string }

/** The report of a violation, line by line. */
export function report(plan: Plan, violation: Violation, { command }: Replay): readonly string[] {
  const { invariant, key, story, at } = violation
  const where = key === undefined ? '' : ` on ${key}`
  const title = `${invariant} violated${where} at ${timeOf(at)} s: ${story}`
  const lines = key === undefined ? [] : timelineOf(plan, key, at)
  return [
    title,
    '',
    ...describe(plan.options, plan),
    '',
    ...lines,
    ...(lines.length > 0 ? [''] : []),
    `replay: ${command}`,
    `smaller: ${command} --shrink`,
  ]
}

export function describe(options: Options, plan: Plan): readonly string[] {
  const { nodes, replicas, readQuorum, writeQuorum, partitions } = options
  const { latencyMs, flushMs, transport, clients, keys, shape, deadForEver } = options
  const { layersOff, hintBytesMax, owedPuts } = options
  return [
    `world: ${shape}, ${options.seconds} s, ${nodes} nodes, N=${replicas} R=${readQuorum} W=${writeQuorum} Q=${partitions}, ${transport}`,
    `load: ${clients} clients, ${keys} keys, ${plan.operations.length} operations`,
    `links: ${latencyMs[0]} ms + ${latencyMs[1]} on average; flush: ${flushMs[0]} ms + ${flushMs[1]}`,
    `faults: ${plan.faults.length} (${faultLine(options.faults)}); ${deadForEver} stay dead`,
    `switched off: ${layersOff.join(', ') || 'nothing'}; hints: ${hintBytesMax ?? 'any number of'} bytes, owed of ${owedPuts ?? 'many'} puts`,
    ...(options.disks === undefined ? [] : [disksLine(options.disks)]),
  ]
}

function disksLine({ smallShare, roomMax, valueBytesMax, emptied }: NonNullable<Options['disks']>) {
  const room = `${smallShare} of 1000 have at most ${roomMax / 1024} KiB above their reserve`
  const end = emptied ? 'all is deleted in the end' : 'others make room in the end'
  return `disks: ${room}; values to ${valueBytesMax} bytes; ${end}`
}

/** All that happened to one key until then; to every key where none is given. */
export function timelineOf(plan: Plan, key: Key | undefined, until: Micros): readonly string[] {
  const rows: string[] = []
  const names = Array.from({ length: plan.options.nodes }, (_, i) => `n${i + 1}`)
  const add = (at: Micros, node: string | undefined, text: string) => {
    const column = node === undefined ? 0 : names.indexOf(node)
    rows.push(`${timeOf(at).padStart(9)}  ${' '.repeat(columnWidth * Math.max(0, column))}${text}`)
  }
  const world: World = new World(plan, {
    onNotice: (notice, at) => tell(world.history, key, notice, (node, text) => add(at, node, text)),
  })
  world.run(until)
  const head = `${'seconds'.padStart(9)}  ${names.map(name => name.padEnd(columnWidth)).join('')}`
  const cut = key !== undefined && rows.length > rowsMax ? rows.slice(-rowsMax) : rows
  const left = rows.length - cut.length
  return [head.trimEnd(), ...(left > 0 ? [`          (${left} earlier lines)`] : []), ...cut]
}

type Add = (node: string | undefined, text: string) => void

function tell(history: History, key: Key | undefined, notice: Notice, add: Add): void {
  switch (notice.type) {
    case 'call':
      if (isOf(key, notice.call.key)) add(undefined, callLine(notice.call))
      return
    case 'settled':
      if (isOf(key, notice.call.key)) add(undefined, endLine(notice.call))
      return
    case 'started':
      return add(notice.node, 'STARTS')
    case 'ended':
      return add(notice.node, `ENDS: ${notice.why}`)
    case 'no-room':
      return add(notice.node, `NO ROOM for a ${notice.at}`)
    case 'fault':
      return add(
        nodeOf(notice.fault),
        `FAULT ${notice.began ? '' : 'ends: '}${faultText(notice.fault)}`,
      )
    case 'input':
      return inputLine(history, key, notice.node, notice.input, add)
    case 'effect':
      return effectLine(history, key, notice.node, notice.effect, add)
    case 'durable':
      for (const row of notice.rows) durableLine(history, key, notice.node, row, add)
      return
    default:
      return
  }
}

function durableLine(
  history: History,
  key: Key | undefined,
  node: NodeId,
  { key: row, value }: Row,
  add: Add,
): void {
  const of = isHint(row) ? hintOfRow(row) : { ...keyOfRow(row), owner: undefined }
  if (!isOf(key, of.key) || (value === undefined && of.owner === undefined)) return
  const what = of.owner === undefined ? 'durable' : `durable for ${of.owner}`
  if (value === undefined) return add(node, `${what}: gone`)
  const copy = copyIn(row, value)
  add(node, `${what} ${copy === undefined ? '?' : objectText(history, copy.siblings)}`)
}

/** Is this the key that is told of? */
function isOf(key: Key | undefined, other: Key): boolean {
  return key === undefined || key === other
}

function callLine({ client, write, again }: Call): string {
  if (write === undefined) return `${client} gets`
  const saw = write.saw.map(seen => seen.id).join(' ')
  const what = write.deletes ? 'deletes' : 'puts'
  return `${client} ${what} ${write.id}${again ? ' again' : ''} having seen {${saw}}`
}

function endLine({ client, write, result, shown }: Call): string {
  const what = write === undefined ? 'get' : write.id
  if (result?.type === 'failed') {
    const { code, outcome } = result.failure
    return `${client} ${what}: ${code}, ${outcome.definite ? 'it did not happen' : 'it may have happened'}`
  }
  if (result?.type === 'done' && result.reply.type === 'wrote') {
    return `${client} ${what}: acknowledged by ${result.reply.outcome.primaryAcks.join(' ')}`
  }
  return `${client} ${what}: {${shown.map(seen => seen.id).join(' ')}}`
}

function inputLine(
  history: History,
  key: Key | undefined,
  node: NodeId,
  input: Input,
  add: Add,
): void {
  if (input.type === 'message') {
    const text = messageText(history, key, input.message)
    if (text !== undefined) add(node, `<- ${input.from} ${text}`)
  } else if (input.type === 'request' && 'key' in input.request && isOf(key, input.request.key)) {
    const { request } = input
    const write = request.type === 'put' ? history.ofOp(request.op) : undefined
    const again = request.type === 'put' && request.again ? ' again' : ''
    add(node, `asked: ${request.type} ${write?.id ?? ''}${again}`)
  }
}

function effectLine(
  history: History,
  key: Key | undefined,
  node: NodeId,
  effect: Effect,
  add: Add,
): void {
  if (effect.type === 'send') {
    const text = messageText(history, key, effect.message)
    if (text !== undefined) add(node, `-> ${effect.to} ${text}`)
  } else if (effect.type === 'reply' && effect.reply.type === 'wrote') {
    const { op } = effect.reply.outcome
    const write = op === undefined ? undefined : history.ofOp(op)
    if (write !== undefined && isOf(key, write.key)) add(node, `answers: ${write.id} is written`)
  }
}

function messageText(
  history: History,
  key: Key | undefined,
  message: PeerMessage,
): string | undefined {
  switch (message.type) {
    case 'store': {
      const object = isOf(key, message.key) ? decodeCheckedObject(message.object) : undefined
      const owner = message.owner === undefined ? '' : ` for ${message.owner}`
      return object && `store${owner} #${message.id % 10_000} ${objectText(history, object)}`
    }
    case 'handoff': {
      const copy = message.copies.find(one => isOf(key, one.key))
      const object = copy && decodeCheckedObject(copy.object)
      return object && `hint #${message.id % 10_000} ${objectText(history, object)}`
    }
    case 'handed':
      if (key !== undefined) return undefined
      return `handed #${message.id % 10_000}${message.refused === undefined ? '' : ', refused'}`
    case 'forward': {
      const { request } = message
      if (!isOf(key, request.key)) return undefined
      const again = request.again ? ' again' : ''
      return `forward ${history.ofOp(request.op)?.id ?? ''}${again}`
    }
    default:
      return undefined
  }
}

function objectText(history: History, { versions, vector }: Siblings): string {
  const names = versions.map(version => versionText(history, version)).join(' ')
  const all = vector.map(dot => `${hexOf(dot.actor).slice(0, 4)}:${dot.counter}`)
  const seen = all.length > 6 ? `${all.length} actors` : all.join(' ')
  return `{${names}} seen [${seen}]`
}

function versionText(history: History, { op, dot }: Version): string {
  const write = history.ofOp(op)
  return `${write?.id ?? '?'}@${hexOf(dot.actor).slice(0, 4)}:${dot.counter}`
}

function nodeOf(fault: Fault): string | undefined {
  return 'node' in fault ? fault.node : undefined
}

export function faultText(fault: Fault): string {
  const seconds = 'last' in fault ? ` for ${timeOf(fault.last)} s` : ''
  switch (fault.type) {
    case 'crash':
      return `crash, down ${timeOf(fault.down)} s`
    case 'crash-point':
      return `a crash waits ${fault.point}`
    case 'partition':
      return `partition ${fault.message ?? ''}${fault.shape} ${cutsText(fault.cuts)}${seconds}`
    case 'clog':
      return `clog ${cutsText(fault.cuts)}${seconds}`
    case 'stall':
      return `${fault.side} ${cutsText([fault.cut])} stall${seconds}`
    case 'reset':
      return `reset ${fault.cut.from}-${fault.cut.to}`
    default:
      return `${fault.type}${seconds}`
  }
}

function cutsText(cuts: readonly { readonly from: string; readonly to: string }[]): string {
  const shown = cuts.slice(0, 8).map(({ from, to }) => `${from}>${to}`)
  return shown.join(' ') + (cuts.length > shown.length ? ' …' : '')
}

export function timeOf(at: Micros): string {
  return (at / 1_000_000).toFixed(3)
}

const columnWidth = 14
const rowsMax = 400
