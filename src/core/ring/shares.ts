/**
 * How many replicas each member ought to hold (design §3, "shares first"). Integers only: a
 * share is a fraction, so that two nodes never differ by a rounding of floats.
 */
import type { NodeId } from '../ids.ts'

/** A member of the ring. Weights are whole 64ths: 1, 2, 0.5, never 1/3. */
export type RingMember = { readonly id: NodeId; readonly weight: number; readonly zone: string }

/** Fixed for the cluster's life: Q (a power of two up to 65,536), N, and F (Infinity: all). */
export type RingSettings = {
  readonly partitions: number
  readonly replicas: number
  readonly fallbacks: number
}

/** What a member ought to hold, in partition replicas: the fraction `parts / of`. */
export type Share = {
  readonly parts: number
  readonly of: number
  /** The most it holds unless a list would end short: min(Q, ceil(1.05 · share)). */
  readonly bound: number
}

/** The members by id: nothing may depend on the order in which they are listed. */
export function inOrder<Member extends { readonly id: NodeId }>(members: readonly Member[]) {
  return [...members].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** A member's tokens on the ring; the unit that weights are counted in. */
export function tokenCount(member: RingMember): number {
  return member.weight * tokensPerWeight
}

/** Each member's zone as a number from 0, and the members of each zone. */
export function zonesOf(members: readonly RingMember[]): Zones {
  const numbers = new Map<string, number>()
  const sizes: number[] = []
  const of = members.map(({ zone }) => {
    const number = numbers.get(zone) ?? numbers.size
    numbers.set(zone, number)
    sizes[number] = (sizes[number] ?? 0) + 1
    return number
  })
  return { of, sizes }
}
export type Zones = { readonly of: readonly number[]; readonly sizes: readonly number[] }

/** The members' shares, in the order given. With N zones or more, the zones share first. */
export function sharesOf(members: readonly RingMember[], settings: RingSettings): Share[] {
  const { partitions, replicas } = settings
  const tokens = members.map(tokenCount)
  const zones = zonesOf(members)
  // Who shares first: the zones where they come before the bound, else each member for itself.
  const groups = zones.sizes.length >= replicas ? zones.of : members.map((_, i) => i)
  const groupTokens: number[] = []
  for (const [i, group] of groups.entries()) {
    groupTokens[group] = (groupTokens[group] ?? 0) + (tokens[i] as number)
  }
  const rates = ratesOf(groupTokens, partitions, replicas)
  return tokens.map((count, i) => shareOf(count, rates[groups[i] as number] as Rate, partitions))
}

/** Weights are whole numbers of this part. */
export const weightUnits = 64
/** 64 tokens give a fullest node as even, but move more: 1.20 of the least at 50 nodes. */
const tokensPerWeight = 256

/** Replicas per token. */
type Rate = { readonly parts: number; readonly of: number }

/**
 * N·Q replicas by weight, no holder more than Q; what is over goes to the others by weight
 * until nothing is over. A holder is a member, or a zone.
 */
function ratesOf(tokens: readonly number[], partitions: number, replicas: number): Rate[] {
  const rates: (Rate | undefined)[] = tokens.map(() => undefined)
  let parts = partitions * replicas
  let of = tokens.reduce((sum, count) => sum + count, 0)
  for (let over = true; over; ) {
    const rate = { parts, of }
    over = false
    for (const [i, count] of tokens.entries()) {
      if (rates[i] !== undefined || count * rate.parts <= partitions * rate.of) continue
      rates[i] = { parts: partitions, of: count }
      parts -= partitions
      of -= count
      over = true
    }
  }
  return rates.map(rate => rate ?? { parts, of })
}

function shareOf(tokens: number, { parts, of }: Rate, partitions: number): Share {
  const bound = ceilOf(tokens * parts * slack.parts, of * slack.of)
  return { parts: tokens * parts, of, bound: Math.min(partitions, bound) }
}

/** The quotient of two integers rounded up, without rounding in between. */
function ceilOf(parts: number, of: number): number {
  const rest = parts % of
  return (parts - rest) / of + (rest > 0 ? 1 : 0)
}

const slack = { parts: 105, of: 100 }
