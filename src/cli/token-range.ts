/**
 * A part of the ring as people type it: `25%..50%`, `0x40..0x80`, `p64..p128`. The start is in
 * it, the end is not; an end before the start goes on past the end of the ring. Hexadecimal
 * digits are the first of a token, from the left.
 */
import type { TokenRange } from '../core/entropy/scope.ts'
import type { Token } from '../core/ids.ts'
import { CliError } from './cli-error.ts'

const ringSize = 2n ** 64n

export const wholeRing: readonly TokenRange[] = [rangeOf(0n, ringSize)]

/** Throws USAGE, with the three forms. */
export function rangesFrom(text: string, partitions: number): readonly TokenRange[] {
  const [start, end, ...more] = text.split('..')
  const from = pointFrom(start ?? '', partitions)
  const to = pointFrom(end ?? '', partitions)
  if (from === undefined || to === undefined || more.length > 0) throw noRange(text)
  if (formOf(start) !== formOf(end)) throw noRange(text)
  if (from % ringSize === to % ringSize && !(from === 0n && to === ringSize)) {
    throw noRange(text, ': it is empty')
  }
  const last = to === 0n ? ringSize : to
  const first = from % ringSize
  if (first < last) return [rangeOf(first, last)]
  return [rangeOf(0n, last), rangeOf(first, ringSize)]
}

/** `12..15`, both included, or `12`. Throws USAGE. */
export function partitionsFrom(text: string, partitions: number): readonly TokenRange[] {
  const found = /^(\d{1,5})(?:\.\.(\d{1,5}))?$/.exec(text)
  const first = Number(found?.[1])
  const last = Number(found?.[2] ?? found?.[1])
  if (found !== null && first <= last && last < partitions) {
    return [rangeOf(atPartition(first, partitions), atPartition(last + 1, partitions))]
  }
  const have = `the cluster has partitions 0 to ${partitions - 1}`
  throw new CliError('USAGE', `"${text}" are no partitions: ${have}`, ['--partition 12..15'])
}

/** The one token of a key. */
export function rangeOfToken(token: Token): readonly TokenRange[] {
  return [{ first: token, last: token }]
}

function pointFrom(text: string, partitions: number): bigint | undefined {
  const percent = /^(\d{1,3})(?:\.(\d{1,9}))?%$/.exec(text)
  if (percent !== null) {
    const parts = BigInt(`${percent[1]}${(percent[2] ?? '').padEnd(9, '0')}`)
    const point = (parts * ringSize) / 10n ** 11n
    return point <= ringSize ? point : undefined
  }
  const digits = /^0x([0-9a-f]{1,16})$/i.exec(text)?.[1]
  if (digits !== undefined) return BigInt(`0x${digits.padEnd(16, '0')}`)
  const partition = /^p(\d{1,5})$/i.exec(text)?.[1]
  if (partition === undefined || Number(partition) > partitions) return undefined
  return atPartition(Number(partition), partitions)
}

/** Both ends of a range are written alike. */
function formOf(text = ''): string {
  if (text.endsWith('%')) return 'part'
  return text.slice(0, 1).toLowerCase()
}

function atPartition(partition: number, partitions: number): bigint {
  return (BigInt(partition) * ringSize) / BigInt(partitions)
}

/** From the first to before the end. */
function rangeOf(first: bigint, end: bigint): TokenRange {
  return { first: tokenOf(first), last: tokenOf(end - 1n) }
}

function tokenOf(place: bigint): Token {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(place)
  return bytes.toString('latin1') as Token
}

function noRange(text: string, why = ''): CliError {
  return new CliError('USAGE', `"${text}" is no range of the ring${why}`, [
    '--range 25%..50%',
    '--range 0x40..0x80',
    '--range p64..p128',
  ])
}
