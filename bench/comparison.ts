/**
 * Floor and product in alternating slices of one run: while one works the other idles, so both
 * meet the same machine, and a round's ratio means something where a rate does not.
 */
import type { Contender } from './contender.ts'
import {
  type Cursor,
  cursorOver,
  type Operation,
  putAll,
  rateOf,
  runSlice,
  type Slice,
} from './slice.ts'

export type Plan = {
  readonly keys: number
  readonly inFlight: readonly number[]
  readonly rounds: number
  readonly sliceMs: number
}

export type Series = { readonly name: string; readonly slices: readonly Slice[] }
export type Cell = {
  readonly operation: Operation
  readonly inFlight: number
  readonly series: readonly Series[]
}

export type Progress = (text: string) => void

/** Puts all keys, then works until a slice is within a tenth of the one before. */
export async function warmUp(
  contenders: readonly Contender[],
  plan: Plan,
  progress: Progress,
): Promise<void> {
  for (const contender of contenders) {
    await putAll(contender, plan.keys, warmInFlight)
    for (const operation of ['put', 'get'] as const) {
      const rates = await untilFlat(contender, operation, cursorOver(plan.keys))
      progress(`warm: ${contender.name} ${operation} ${rates.map(Math.round).join(' ')} /s`)
    }
  }
}

/** Every cell of the table: each operation at each number in flight. */
export async function compare(
  contenders: readonly Contender[],
  plan: Plan,
  progress: Progress,
  operations: readonly Operation[] = ['put', 'get'],
): Promise<readonly Cell[]> {
  const cells: Cell[] = []
  const cursors = contenders.map(() => cursorOver(plan.keys))
  for (const operation of operations) {
    for (const inFlight of plan.inFlight) {
      progress(`${operation}, ${inFlight} in flight`)
      const slices: Slice[][] = contenders.map(() => [])
      for (let round = 0; round < plan.rounds; round++) {
        for (const at of turnsOf(contenders.length, round)) {
          const [contender, cursor] = [contenders[at], cursors[at]]
          if (contender === undefined || cursor === undefined) continue
          slices[at]?.push(await runSlice(contender, operation, inFlight, cursor, plan.sliceMs))
        }
      }
      const series = contenders.map(({ name }, at) => ({ name, slices: slices[at] ?? [] }))
      cells.push({ operation, inFlight, series })
    }
  }
  return cells
}

/** Who works when: every other round the other way round. */
function turnsOf(count: number, round: number): readonly number[] {
  const turns = Array.from({ length: count }, (_, at) => at)
  return round % 2 === 0 ? turns : turns.reverse()
}

async function untilFlat(
  contender: Contender,
  operation: Operation,
  cursor: Cursor,
): Promise<number[]> {
  const rates: number[] = []
  while (rates.length < warmSlicesMax) {
    rates.push(rateOf(await runSlice(contender, operation, warmInFlight, cursor, warmSliceMs)))
    const [before = 0, last = 0] = rates.slice(-2)
    if (rates.length >= 3 && Math.abs(last - before) < before / 10) break
  }
  return rates
}

const warmInFlight = 512
const warmSliceMs = 900
const warmSlicesMax = 8
