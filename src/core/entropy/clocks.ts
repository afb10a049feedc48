/** Clocks and epochs as the messages of an exchange carry them: their low 32 bits. */
import type { Epoch, WallTime } from '../ids.ts'

export function lowBits(value: number): number {
  return value % 2 ** 32
}

/** The time with these low bits that is nearest to another one, 24 days at most. */
export function nearest(to: WallTime, bits: number): WallTime {
  return to + ((bits - lowBits(to)) | 0)
}

/** Tells views apart; that a wrong one passes for ours costs a useless comparison. */
export function shortEpoch(epoch: Epoch): number {
  let bits = 0
  for (let at = 0; at < 4; at++) bits = bits * 256 + epoch.charCodeAt(at)
  return bits
}
