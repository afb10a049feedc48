/** What a repair did not prove equal, and why, for people. */
import { type Unproved, type UnprovedWhy, unequalWhys } from '../core/entropy/repair-message.ts'
import { counted } from './render.ts'

type Sum = { readonly unproved: readonly Unproved[] }

/** Partitions that were compared and differ still, counted for each pair of owners. */
export function unequalPartitions({ unproved }: Sum): number {
  return total(unproved.filter(isUnequal))
}

/** Partitions that were not compared with a node, by its name. */
export function uncomparedWith({ unproved }: Sum): ReadonlyMap<string, number> {
  return sumsBy(
    unproved.filter(one => !isUnequal(one)),
    ({ node }) => node,
  )
}

/** One line for each reason and whom it is about. */
export function uncomparedTexts({ unproved }: Sum): readonly string[] {
  const of = (why: UnprovedWhy) => unproved.filter(one => one.why === why)
  const pair = ({ by, node }: Unproved) => [by, node].sort().join(' and ')
  const lines = (why: UnprovedWhy, name: (one: Unproved) => string, text: Text) => {
    return [...sumsBy(of(why), name)].map(([who, count]) => text(who, counted(count, 'partition')))
  }
  return [
    ...lines('silent', ({ node }) => node, silentText),
    ...lines('starting', ({ node }) => node, startingText),
    ...lines('asker-starting', ({ by }) => by, askerText),
    ...lines('waits', ({ by, node }) => `${node} waits to be whole, ${by} does not`, notCompared),
    ...lines('both-wait', one => `${pair(one)} both wait to be whole`, notCompared),
    ...lines('other-view', one => `${pair(one)} know different members`, notCompared),
  ]
}

/** One line for each reason. */
export function unequalTexts({ unproved }: Sum): readonly string[] {
  return unequalWhys.flatMap(why => {
    const some = unproved.filter(one => one.why === why)
    if (some.length === 0) return []
    const count = total(some)
    const differ = `${counted(count, 'partition')} still differ${count === 1 ? 's' : ''}`
    return [`${differ}${unequalReason(why, some)}`]
  })
}

type Text = (who: string, partitions: string) => string

const silentText: Text = (node, partitions) =>
  `${node} was not reached: ${partitions} not compared with it`
const startingText: Text = (node, partitions) =>
  `${node} has just begun: ${partitions} not compared with it`
const askerText: Text = (node, partitions) =>
  `${node} has just begun, or is being refilled: ${partitions} that it sees to not compared`
const notCompared: Text = (who, partitions) => `not compared: ${who} (${partitions})`

function unequalReason(why: (typeof unequalWhys)[number], some: readonly Unproved[]): string {
  const nodes = [...new Set(some.flatMap(({ by, node }) => [by, node]))].sort().join(', ')
  switch (why) {
    case 'refused':
      return `: copies are refused, since a disk is full or an owner waits for others (${nodes})`
    case 'too-large':
      return ''
    case 'repeated':
      return `: what was repaired differs again as it was; the store of one of ${nodes} is damaged`
    case 'written':
      return ': what is in it is written all the time'
  }
}

function isUnequal({ why }: Unproved): boolean {
  return unequalWhys.some(one => one === why)
}

function sumsBy(
  some: readonly Unproved[],
  name: (one: Unproved) => string,
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const one of some) sums.set(name(one), (sums.get(name(one)) ?? 0) + one.partitions)
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function total(some: readonly Unproved[]): number {
  return some.reduce((sum, { partitions }) => sum + partitions, 0)
}
