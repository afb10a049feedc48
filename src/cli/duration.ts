/** Durations as people type them: `500ms`, `2s`, `1m`. */
import { CliError } from './cli-error.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const dayMs = 24 * 3_600_000
const longestMs = dayMs
const spanUnits = [
  ['d', dayMs],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Milliseconds, at least 1 and at most a day. Throws USAGE. */
export function durationMs(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text)
  const ms = Math.round(Number(found?.[1]) * (units[found?.[2] ?? ''] ?? Number.NaN))
  if (ms >= 1 && ms <= longestMs) return ms
  throw new CliError('USAGE', `"${text}" is not a duration: write 500ms, 2s or 1m`)
}

/**
 * A time ahead or behind, as people type it: `5m`, `-1d`, `0`; whole milliseconds, up to ten
 * years. Throws USAGE.
 */
export function signedMs(text: string): number {
  if (text === '0') return 0
  const found = /^([+-]?)(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  const unit = found?.[3] === 'd' ? dayMs : units[found?.[3] ?? '']
  const ms = Math.round(Number(found?.[2]) * (unit ?? Number.NaN))
  if (ms <= 3650 * dayMs) return found?.[1] === '-' && ms > 0 ? -ms : ms
  throw new CliError('USAGE', `"${text}" is not a time ahead or behind: write 5m, -1d or 0`)
}

/** A time ahead or behind, without its sign: `1d`, `1h 30m`, `250ms`. */
export function shownSpan(ms: number): string {
  const parts: string[] = []
  let rest = ms
  for (const [unit, length] of spanUnits) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.join(' ') || '0'
}

/** A time that has passed, for people: `4ms`, `2.1s`, `3m 05s`, `2h 05m`, `3d 04h`. */
export function shownDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return twoParts(seconds, 60, 'm', 's')
  const minutes = Math.floor(seconds / 60)
  return minutes < 1440
    ? twoParts(minutes, 60, 'h', 'm')
    : twoParts(Math.floor(minutes / 60), 24, 'd', 'h')
}

function twoParts(count: number, size: number, big: string, small: string): string {
  return `${Math.floor(count / size)}${big} ${String(count % size).padStart(2, '0')}${small}`
}

/** Microseconds as milliseconds, for people: `0.42ms`, `12.3ms`, `2.1s`. */
export function shownMicros(micros: number): string {
  if (micros < 10_000) return `${(micros / 1000).toFixed(2)}ms`
  if (micros < 999_950) return `${(micros / 1000).toFixed(1)}ms`
  return shownDuration(micros / 1000)
}
