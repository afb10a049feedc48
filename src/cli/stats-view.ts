/** What nodes hold and did, as `kv stats` shows it: pure functions from counts to lines. */
import { pinsLine } from './pins-view.ts'
import { shownCount } from './progress.ts'
import { alignedLines, counted } from './render.ts'
import { shownSize } from './size.ts'
import { type NodeStats, nothing, plus } from './stats.ts'
import { tooLargeLine } from './too-large-view.ts'

/** Counters of a process that are in the table; others that are not 0, below it. */
const shownCounters = ['hints', 'exchanges', 'exchangesEqual', 'exchangeRepaired', 'repairs']
const below = /^(reap|tombstone|floor|generation|quarantined)/i

export function statsLines(all: readonly NodeStats[]): readonly string[] {
  const sum = all.map(one => one.counted).reduce(plus, nothing)
  const cells = ({ keys, bytes, tombstones, tombstoneBytes, siblings }: typeof sum) => [
    shownCount(keys),
    shownSize(bytes),
    shownCount(tombstones),
    shownSize(tombstoneBytes),
    shownCount(siblings),
  ]
  const rows = all.map(({ node, counted, counters }) => [
    node,
    ...cells(counted),
    ...shownCounters.map(name => shownCount(counters.get(name) ?? 0)),
  ])
  const totals = shownCounters.map(name => {
    return shownCount(all.reduce((count, one) => count + (one.counters.get(name) ?? 0), 0))
  })
  const lines = alignedLines([head, ...rows, ['all', ...cells(sum), ...totals]], right)
  const pins = pinsLine(all.map(({ counters }) => counters))
  const alarms = [pins, tooLargeLine(all)].filter(line => line !== undefined)
  return [...lines, ...all.flatMap(linesBelow), ...alarms]
}

/** What should not be. */
export function statsWarnings(all: readonly NodeStats[]): readonly string[] {
  return all
    .filter(one => one.counted.damaged > 0)
    .map(one => {
      const rows = counted(one.counted.damaged, 'damaged row')
      return `${one.node} holds ${rows}: kv repair --scrub --node ${one.node}`
    })
}

export function statsDocument(all: readonly NodeStats[], silent: readonly string[]) {
  return {
    total: all.map(one => one.counted).reduce(plus, nothing),
    nodes: all.map(({ node, counted, counters }) => ({
      node,
      ...counted,
      counters: Object.fromEntries(counters),
    })),
    unreached: silent,
  }
}

/** What a node says of its reaping, by whatever names; and of damaged rows that it keeps aside. */
function linesBelow({ node, counters }: NodeStats): readonly string[] {
  const some = [...counters].filter(([name, count]) => below.test(name) && count > 0)
  if (some.length === 0) return []
  return [`${node}: ${some.map(([name, count]) => `${name} ${shownCount(count)}`).join(', ')}`]
}

const head = [
  'NODE',
  'KEYS',
  'BYTES',
  'TOMBSTONES',
  'BYTES',
  'SIBLINGS',
  'HINTS',
  'COMPARED',
  'EQUAL',
  'MENDED',
  'READ REPAIRS',
]
const right = head.map((_, i) => i > 0)
