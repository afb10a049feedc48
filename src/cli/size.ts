/** Sizes as people type them, and as they are shown: `512KB`, `10MB`, `1.5GiB`. */
import { CliError } from './cli-error.ts'

const letters: readonly string[] = ['', 'K', 'M', 'G', 'T']
/** What fits into a cluster file. */
const largest = Number.MAX_SAFE_INTEGER

/**
 * What hints may take up on a node: up to 1 a part of its disk, above it bytes. Less than a
 * kilobyte is taken for a slip: no hint would find room. Throws USAGE.
 */
export function hintQuotaFrom(text: string): number {
  const part = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)
  const quota = part === null ? bytesIn(text) : Number(part[1]) / 100
  const least = part === null ? 1000 : Number.MIN_VALUE
  const most = part === null ? largest : 1
  if (quota !== undefined && quota >= least && quota <= most) return quota
  throw new CliError(
    'USAGE',
    `"${text}" is no quota for hints: write a part of the disk such as 10%, or a size of 1KB or more`,
  )
}

/** What a repair may move in a second: `10MB/s`, `500keys/s`. Throws USAGE. */
export function rateFrom(text: string): {
  readonly keysPerSecond: number | undefined
  readonly bytesPerSecond: number | undefined
} {
  const [amount, ...rest] = text.split('/')
  const keys = /^(\d{1,9}) ?keys?$/.exec(amount ?? '')?.[1]
  const keysPerSecond = keys === undefined ? undefined : Number(keys)
  const bytesPerSecond = bytesIn(amount ?? '')
  const isGood = rest.length === 1 && rest[0] === 's' && (keysPerSecond || bytesPerSecond)
  if (isGood) return { keysPerSecond, bytesPerSecond }
  throw new CliError('USAGE', `"${text}" is no rate: write 10MB/s or 500keys/s`)
}

/** For people: `0 B`, `48.2 KB`, `1.2 GB`. */
export function shownSize(bytes: number): string {
  let rest = bytes
  let step = 0
  while (rest >= 999.95 && step < letters.length - 1) {
    rest /= 1000
    step++
  }
  return step === 0 ? `${Math.round(rest)} B` : `${rest.toFixed(1)} ${letters[step]}B`
}

/** Thousands for `KB`, 1,024 for `KiB`. */
function bytesIn(text: string): number | undefined {
  const found = /^(\d{1,15}(?:\.\d+)?)([KMGT]?)(i?)B$/i.exec(text)
  const letter = (found?.[2] ?? '').toUpperCase()
  const step = letters.indexOf(letter)
  const isBinary = found?.[3] !== ''
  if (found === null || (isBinary && step === 0)) return undefined
  const bytes = Math.round(Number(found[1]) * (isBinary ? 1024 : 1000) ** step)
  return bytes <= largest ? bytes : undefined
}
