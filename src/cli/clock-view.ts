/** How a wall clock that is wrong is named. */
import { shownSpan } from './duration.ts'

/** Members' clocks may differ by so much before people are told. */
const wrongMs = 60_000

export function isWrongClock(aheadMs: number | undefined): aheadMs is number {
  return aheadMs !== undefined && Math.abs(aheadMs) > wrongMs
}

export function clockText(aheadMs: number): string {
  const side = aheadMs > 0 ? 'ahead of' : 'behind'
  return `its clock is ${shownSpan(Math.abs(aheadMs))} ${side} its peers': set it right`
}
