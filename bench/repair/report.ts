/** What was measured, as text; the tables are Markdown, for `docs/performance.md`. */
import { rows } from './anchors.ts'
import type { Cost } from './differences.ts'
import type { Opening } from './opening.ts'

export function tableOf(costs: readonly Cost[], emptyMs: number): readonly string[] {
  return [
    'find: bytes both ways until both know which entries differ, and round trips; trade: keys and',
    'versions, without the objects; end: the comparison that then finds them equal',
    `an empty node process: ${emptyMs.toFixed(0)} ms`,
    '',
    '| differ | find, B | at most | round trips | trade, B | round trips | moved a key | ms | end, B | elsewhere |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...costs.map(cost => `| ${cellsOf(cost).join(' | ')} |`),
    '',
  ]
}

export function openingLines(opening: Opening, emptyMs: number): readonly string[] {
  const { cleanMs, killedMs, checkMs, countMs, countCpuMs, counted, wrongBlocks } = opening
  const all = cleanMs.map(ms => ms.toFixed(0)).join(', ')
  return [
    `open, ${counted} objects; an empty node process: ${emptyMs.toFixed(0)} ms`,
    `after a clean stop, from the process to its answer: ${all} ms`,
    `after kill -9: ${killedMs.toFixed(0)} ms, of which a child reads the file in ` +
      `${checkMs.toFixed(0)} ms (${perSecond(counted, checkMs)} rows/s);`,
    `then all blocks are counted again in ${countMs.toFixed(0)} ms ` +
      `(${perSecond(counted, countMs)} rows/s; ${perSecond(counted, countCpuMs)} a second of CPU); ` +
      `blocks that are wrong then: ${wrongBlocks}`,
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
