/** How faults on purpose are shown: pure functions from the answers of nodes to lines. */
import type { FaultRule, FaultsReply } from '../core/message.ts'
import { shownSpan } from './duration.ts'
import type { Sides } from './fault-plan.ts'
import { tableLines } from './render.ts'

/** A fault of one direction, and the nodes that see to it. */
type ShownFault = {
  readonly from: string
  readonly to: string
  readonly drop: number
  readonly delayMs: number
  readonly jitterMs: number
  readonly bytesPerSecond: number | null
  readonly at: readonly string[]
}

/** The rules of all nodes, by who sends to whom; one that two nodes keep is shown once. */
function shownFaults(answers: readonly FaultsReply[]): readonly ShownFault[] {
  const shown = new Map<string, ShownFault>()
  for (const { node, rules } of answers) {
    for (const rule of rules) {
      const fault = faultOf(node, rule)
      const { at, ...same } = fault
      const name = JSON.stringify(same)
      shown.set(name, { ...fault, at: [...(shown.get(name)?.at ?? []), ...at] })
    }
  }
  const name = ({ from, to }: ShownFault) => `${from} ${to}`
  return [...shown.values()].sort((a, b) => (name(a) < name(b) ? -1 : 1))
}

export function faultsDocument(answers: readonly FaultsReply[], silent: readonly string[]) {
  const skewMs = Object.fromEntries(answers.map(answer => [answer.node, answer.skewMs]))
  return { faults: shownFaults(answers), skewMs, unreached: silent }
}

export function faultLines(answers: readonly FaultsReply[]): readonly string[] {
  const faults = shownFaults(answers)
  const rows = faults
    .filter(fault => !isSaid(fault, faults))
    .map(fault => [
      `${fault.from} ${backOf(fault, faults) === undefined ? '->' : '<->'} ${fault.to}`,
      fault.drop >= 1 ? 'all' : percent(fault.drop),
      delayText(fault),
      fault.bytesPerSecond === null ? '-' : `${fault.bytesPerSecond} B/s`,
      [...new Set([...fault.at, ...(backOf(fault, faults)?.at ?? [])])].sort().join(' '),
    ])
  const skews = answers
    .filter(({ skewMs }) => skewMs !== 0)
    .map(({ node, skewMs }) => `${node}: ${skewText(skewMs)}`)
  if (rows.length === 0) return ['no faults between nodes', ...skews]
  return [...tableLines(['LINK', 'LOST', 'DELAY', 'RATE', 'AT'], rows), ...skews]
}

/** `n1 n2 | n3`, who is on no side behind it. */
export function sidesLine(sides: Sides, members: readonly string[]): string {
  const split = sides.map(side => side.join(' ')).join(' | ')
  const named = new Set<string>(sides.flat())
  const others = members.filter(member => !named.has(member))
  const rest = others.length === 0 ? '' : `   ${others.join(' ')} still reach everybody`
  return `network split: ${split}${rest}`
}

export function skewText(skewMs: number): string {
  if (skewMs === 0) return 'its clock is right'
  return `its clock is ${shownSpan(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`
}

/** The same fault in the other direction. */
function backOf(fault: ShownFault, faults: readonly ShownFault[]): ShownFault | undefined {
  return faults.find(
    back =>
      back.from === fault.to &&
      back.to === fault.from &&
      back.drop === fault.drop &&
      delayText(back) === delayText(fault) &&
      back.bytesPerSecond === fault.bytesPerSecond,
  )
}

/** True where the line of the other direction says it. */
function isSaid(fault: ShownFault, faults: readonly ShownFault[]): boolean {
  const back = backOf(fault, faults)
  return back !== undefined && faults.indexOf(back) < faults.indexOf(fault)
}

function faultOf(node: string, rule: FaultRule): ShownFault {
  const [from, to] = rule.direction === 'out' ? [node, rule.peer] : [rule.peer, node]
  const { drop, delayMs, jitterMs, rate } = rule
  return { from, to, drop, delayMs, jitterMs, bytesPerSecond: rate ?? null, at: [node] }
}

function delayText({ delayMs, jitterMs }: ShownFault): string {
  if (delayMs === 0 && jitterMs === 0) return '-'
  return jitterMs === 0 ? `${delayMs}ms` : `${delayMs}ms +-${jitterMs}ms`
}

function percent(part: number): string {
  return part === 0 ? '-' : `${Number((part * 100).toFixed(4))}%`
}
