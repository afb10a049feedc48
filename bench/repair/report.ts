/** What was measured, as text; the tables are Markdown, for `docs/performance.md`. */

import { type Line, shownSpread } from '../report.ts'
import { rows } from './anchors.ts'
import type { AfterHealing, AtRest, UnderWrites } from './at-rest.ts'
import type { Cost } from './differences.ts'
import type { Opening } from './opening.ts'
import type { Upkeep } from './upkeep.ts'

export function tableOf(costs: readonly Cost[], emptyNode: string): readonly string[] {
  return [
    'find: bytes both ways until both know which entries differ, and round trips; trade: keys and',
    'versions, without the objects; end: the comparison that then finds them equal',
    emptyNode,
    '',
    '| differ | find, B | at most | round trips | trade, B | round trips | moved a key | ms | end, B | elsewhere |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...costs.map(cost => `| ${cellsOf(cost).join(' | ')} |`),
    '',
  ]
}

export function openingLines(opening: Opening, emptyNode: string): readonly string[] {
  const { cleanMs, killedMs, checkMs, countMs, countCpuMs, counted, wrongBlocks } = opening
  const all = cleanMs.map(ms => ms.toFixed(0)).join(', ')
  return [
    `open, ${counted} objects; ${emptyNode}`,
    `after a clean stop, from the process to its answer: ${all} ms`,
    `after kill -9: ${killedMs.toFixed(0)} ms, of which a child reads the file in ` +
      `${checkMs.toFixed(0)} ms (${perSecond(counted, checkMs)} rows/s);`,
    `then all blocks are counted again in ${countMs.toFixed(0)} ms ` +
      `(${perSecond(counted, countMs)} rows/s; ${perSecond(counted, countCpuMs)} a second of CPU); ` +
      `blocks that are wrong then: ${wrongBlocks}`,
    '',
  ]
}

export function upkeepLines(upkeep: Upkeep, emptyNode: string): readonly string[] {
  const { puts, baseUs, moreUs, moreUsOfRounds, baseBytes, bytesRatio } = upkeep
  return [
    `upkeep, ${puts} puts with and without a tree; ${emptyNode}`,
    `CPU a put: ${baseUs.toFixed(1)} us without, ${moreUs.toFixed(2)} more with it; rounds: ` +
      shownSpread(moreUsOfRounds),
    `in the best slice: ${upkeep.bestBaseUs.toFixed(1)} us without, ` +
      `${upkeep.bestMoreUs.toFixed(2)} more with it`,
    `written a put: ${baseBytes.toFixed(0)} bytes without, ` +
      `${((bytesRatio - 1) * 100).toFixed(2)} % more with it`,
    `memory a key: ${upkeep.openedBytesPerKey.toFixed(2)} bytes once it is open, ` +
      `${upkeep.usedBytesPerKey.toFixed(2)} after the puts`,
    '',
  ]
}

export function putRateLines(lines: readonly Line[], emptyNode: string): readonly string[] {
  return [
    `quorum puts, 512 in flight, three nodes; ${emptyNode}`,
    ...lines.map(({ contender, perSecond, ratio, userUs, systemUs }) => {
      const shown = ratio === undefined ? '' : `; ${shownSpread(ratio)} of the rate without`
      const cpu = `${userUs.toFixed(0)} + ${systemUs.toFixed(0)} us of CPU a put (three nodes)`
      return `${contender} a tree: ${perSecond} /s, ${cpu}${shown}`
    }),
    '',
  ]
}

export function restLines(
  rest: AtRest,
  writes: UnderWrites,
  healing: AfterHealing,
  emptyNode: string,
): readonly string[] {
  const percent = (part: number) => `${(100 * part).toFixed(2)} %`
  return [
    `at rest, ${rest.seconds} s; ${emptyNode}`,
    `of a core, the busier node: ${percent(rest.comparing)}; of a pair that does not compare: ` +
      `${percent(rest.notComparing)}; ${rest.bytesPerSecond.toFixed(1)} bytes a second ` +
      `(${rest.comparisons} comparisons)`,
    `under ${writes.writesPerSecond.toFixed(0)} writes a second for ${writes.seconds.toFixed(0)} s: ` +
      `${writes.comparisons} comparisons, ${writes.different} found a difference, ` +
      `${writes.repaired} objects moved`,
    `after ${healing.repaired} objects were mended, in ${healing.seconds} s: ` +
      `${healing.repairedThen} objects, ${healing.bytesPerSecond.toFixed(1)} bytes a second`,
    '',
  ]
}

function cellsOf(cost: Cost): readonly (string | number)[] {
  const { differing, moved } = cost
  const row = rows.find(one => one.differing === differing)
  const isEqual = differing === 0
  return [
    differing,
    isEqual ? cost.endBytes : cost.findBytes,
    row?.bytesMax ?? '',
    isEqual ? 1 : cost.findRounds,
    cost.tradeBytes,
    cost.tradeRounds,
    isEqual ? moved : (moved / differing).toFixed(2),
    cost.ms.toFixed(0),
    cost.endBytes,
    row?.anchors ?? '',
  ]
}

function perSecond(count: number, ms: number): number {
  return Math.round(count / (ms / 1000))
}
