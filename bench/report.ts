/** The table of a run: medians of the rounds, and the ratio to the floor with its spread. */
import type { Cell, Series } from './comparison.ts'
import { rateOf, type Slice } from './slice.ts'

export type Spread = { readonly median: number; readonly min: number; readonly max: number }

/** One line of the table: one contender in one cell. */
export type Line = {
  readonly operation: string
  readonly inFlight: number
  readonly contender: string
  readonly perSecond: number
  /** Round by round, to the floor in the same round; undefined for the floor itself. */
  readonly ratio: Spread | undefined
  readonly userUs: number
  readonly systemUs: number
  readonly clientUs: number
  /** Of all CPU in the slice. */
  readonly clientShare: number
  /** Rows a commit, over all nodes; 0 for gets. */
  readonly rowsPerCommit: number
}

/** The first contender is the floor. */
export function linesOf(cells: readonly Cell[]): readonly Line[] {
  return cells.flatMap(({ operation, inFlight, series }) => {
    const [floor] = series
    return series.map(one => ({
      operation,
      inFlight,
      contender: one.name,
      perSecond: Math.round(medianOf(one, rateOf)),
      ratio: floor === undefined || one === floor ? undefined : ratioOf(one, floor),
      userUs: medianOf(one, slice => slice.userUs / slice.operations),
      systemUs: medianOf(one, slice => slice.systemUs / slice.operations),
      clientUs: medianOf(one, slice => slice.clientUs / slice.operations),
      clientShare: medianOf(one, ({ clientUs, userUs, systemUs }) => {
        return clientUs / (clientUs + userUs + systemUs)
      }),
      rowsPerCommit: operation === 'get' ? 0 : medianOf(one, s => s.rows / s.commits),
    }))
  })
}

export function tableOf(lines: readonly Line[]): string {
  const head = ['', '/s', 'of the floor', 'user', 'kernel', 'client', 'its share', 'puts/commit']
  const rows = lines.map(line => [
    `${line.operation} ${line.inFlight} ${line.contender}`,
    String(line.perSecond),
    line.ratio === undefined ? '' : shownSpread(line.ratio),
    line.userUs.toFixed(0),
    line.systemUs.toFixed(0),
    line.clientUs.toFixed(0),
    `${(100 * line.clientShare).toFixed(0)} %`,
    line.rowsPerCommit === 0 ? '' : line.rowsPerCommit.toFixed(1),
  ])
  const all = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...all.map(row => row[at]?.length ?? 0)))
  const rendered = all.map(row => {
    return row
      .map((text, at) => pad(text, widths[at] ?? 0, at === 0))
      .join('  ')
      .trimEnd()
  })
  return rendered.join('\n')
}

export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const lower = sorted[Math.ceil(middle) - 1] ?? 0
  const upper = sorted[Math.floor(middle)] ?? 0
  return { median: (lower + upper) / 2, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 }
}

export function shownSpread({ median, min, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} [${min.toFixed(digits)}-${max.toFixed(digits)}]`
}

function ratioOf(one: Series, floor: Series): Spread {
  const ratios = one.slices.map((slice, round) => {
    const base = floor.slices[round]
    return base === undefined ? 0 : rateOf(slice) / rateOf(base)
  })
  return spreadOf(ratios)
}

function medianOf({ slices }: Series, of: (slice: Slice) => number): number {
  return spreadOf(slices.map(of)).median
}

function pad(text: string, width: number, left: boolean): string {
  return left ? text.padEnd(width) : text.padStart(width)
}
