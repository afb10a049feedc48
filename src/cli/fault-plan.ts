/**
 * What `kv net` makes of the rules of each node. Pure: the rules of a node in, its new rules
 * out. A cut is kept at both of its ends, so that it lasts when one of them starts anew; a loss
 * or a delay is kept where the messages leave, or it would be counted twice.
 */
import type { NodeId } from '../core/ids.ts'
import type { FaultDirection, FaultRule } from '../core/message.ts'
import { CliError } from './cli-error.ts'

/** The new rules of a node; undefined: this node has nothing to do with it. */
export type FaultPlan = (
  node: NodeId,
  rules: readonly FaultRule[],
) => readonly FaultRule[] | undefined

export type Sides = readonly (readonly NodeId[])[]

/** `n1,n2|n3`: two sides or more. Throws USAGE, UNKNOWN_NODE. */
export function sidesFrom(text: string, members: readonly NodeId[]): Sides {
  const sides = text.split('|').map(side => {
    const names = side.split(',').map(name => name.trim())
    return names.filter(name => name !== '').map(name => nodeFrom(name, members))
  })
  if (sides.length < 2 || sides.some(side => side.length === 0)) {
    throw new CliError('USAGE', 'write the sides as "n1,n2|n3,n4,n5"')
  }
  const twice = sides.flat().find((node, i, all) => all.indexOf(node) !== i)
  if (twice !== undefined) throw new CliError('USAGE', `${twice} cannot be on two sides`)
  return sides
}

/** Throws UNKNOWN_NODE. */
export function nodeFrom(name: string, members: readonly NodeId[]): NodeId {
  const node = members.find(member => member === name)
  if (node !== undefined) return node
  throw new CliError(
    'UNKNOWN_NODE',
    `there is no node ${name}; the cluster has ${members.join(', ')}`,
  )
}

/** Exactly these sides: a cut from before is mended; who is on no side reaches everybody. */
export function partitionPlan(sides: Sides, members: readonly NodeId[]): FaultPlan {
  const sideOf = (node: NodeId) => sides.findIndex(side => side.includes(node))
  return (node, rules) => {
    let made = rules
    for (const peer of members) {
      if (peer === node) continue
      const [mine, theirs] = [sideOf(node), sideOf(peer)]
      const isCut = mine !== -1 && theirs !== -1 && mine !== theirs
      for (const direction of directions) made = withCut(made, peer, direction, isCut)
    }
    return made
  }
}

/** Nobody reaches this node, nor it anybody, beside whatever else is cut. */
export function isolationPlan(alone: NodeId, members: readonly NodeId[]): FaultPlan {
  return (node, rules) => {
    const peers = node === alone ? members.filter(member => member !== alone) : [alone]
    let made = rules
    for (const peer of peers) {
      for (const direction of directions) made = withCut(made, peer, direction, true)
    }
    return made
  }
}

/** The part `drop` of what `from` sends `to` is lost; 1: all of it. */
export function dropPlan(from: NodeId, to: NodeId, drop: number, oneWay: boolean): FaultPlan {
  return linkPlan(from, to, oneWay, (rules, peer, direction) => {
    if (direction === 'out') return withRule(rules, peer, 'out', { drop })
    return withCut(rules, peer, 'in', drop >= 1)
  })
}

/** What `from` sends `to` comes later, or at no more than so many bytes a second. */
export function delayPlan(
  from: NodeId,
  to: NodeId,
  change: Pick<FaultRule, 'delayMs' | 'jitterMs' | 'rate'>,
  oneWay: boolean,
): FaultPlan {
  return linkPlan(from, to, oneWay, (rules, peer, direction) =>
    direction === 'out' ? withRule(rules, peer, 'out', change) : rules,
  )
}

/** No rule is left. */
export const healPlan: FaultPlan = () => []

const directions: readonly FaultDirection[] = ['out', 'in']
const none = { drop: 0, delayMs: 0, jitterMs: 0, rate: undefined }

type AtEnd = (
  rules: readonly FaultRule[],
  peer: NodeId,
  direction: FaultDirection,
) => readonly FaultRule[]

/** Does something at the ends of a link, for each way that is meant. */
function linkPlan(from: NodeId, to: NodeId, oneWay: boolean, atEnd: AtEnd): FaultPlan {
  if (from === to) throw new CliError('USAGE', `${from} sends itself nothing`)
  return (node, rules) => {
    if (node !== from && node !== to) return undefined
    const peer = node === from ? to : from
    if (oneWay) return atEnd(rules, peer, node === from ? 'out' : 'in')
    return atEnd(atEnd(rules, peer, 'out'), peer, 'in')
  }
}

function withCut(
  rules: readonly FaultRule[],
  peer: NodeId,
  direction: FaultDirection,
  isCut: boolean,
): readonly FaultRule[] {
  if (isCut) return withRule(rules, peer, direction, { drop: 1 })
  const was = rules.some(rule => isOf(rule, peer, direction) && rule.drop >= 1)
  return was ? withRule(rules, peer, direction, { drop: 0 }) : rules
}

/** The rule changed; left out where it does nothing any more. */
function withRule(
  rules: readonly FaultRule[],
  peer: NodeId,
  direction: FaultDirection,
  change: Partial<FaultRule>,
): readonly FaultRule[] {
  const before = rules.find(rule => isOf(rule, peer, direction)) ?? { peer, direction, ...none }
  const rule = { ...before, ...change }
  const others = rules.filter(one => !isOf(one, peer, direction))
  const acts = rule.drop > 0 || rule.delayMs > 0 || rule.jitterMs > 0 || rule.rate !== undefined
  return acts ? [...others, rule] : others
}

function isOf(rule: FaultRule, peer: NodeId, direction: FaultDirection): boolean {
  return rule.peer === peer && rule.direction === direction
}
