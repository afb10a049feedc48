/** Durations as people type them: `500ms`, `2s`, `1m`. */
import { CliError } from './cli-error.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const longestMs = 24 * 3_600_000

/** Milliseconds, at least 1 and at most a day. Throws USAGE. */
export function durationMs(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  const ms = Math.round(Number(found?.[1]) * (units[found?.[2] ?? ''] ?? Number.NaN))
  if (ms >= 1 && ms <= longestMs) return ms
  throw new CliError('USAGE', `"${text}" is not a duration: write 500ms, 2s or 1m`)
}

/** A time that has passed, for people: `4ms`, `2.1s`, `3m 05s`. */
export function shownDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`
}
