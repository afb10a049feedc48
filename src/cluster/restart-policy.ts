/**
 * When a node whose process ended is started again. After a crash: after 0.2 s, doubling to 10 s,
 * with jitter, and not at all after five crashes within a minute. If something outside of the node
 * was missing (room on the disk, a process to be had): after 1 s, doubling to 10 s, for as long as
 * it takes, for that is no fault of the node and is over by itself.
 */

const crashesMax = 5
const crashWindowMs = 60_000

/** Times (monotonic ms) of the crashes that still count, and how long the waits have grown. */
export type CrashHistory = { readonly times: readonly number[]; readonly inARow: number }

export const noCrashes: CrashHistory = { times: [], inARow: 0 }

/** The history after one more crash of a process that had been up for `upMs`. */
export function afterCrash(history: CrashHistory, now: number, upMs: number): CrashHistory {
  const times = [...history.times.filter(time => now - time < crashWindowMs), now]
  return { times, inARow: upMs >= crashWindowMs ? 1 : history.inARow + 1 }
}

/** Milliseconds until the next start, `random` in [0, 1); undefined: give up. */
export function restartDelayMs(history: CrashHistory, random: number): number | undefined {
  if (history.times.length >= crashesMax) return undefined
  const longest = Math.min(10_000, 200 * 2 ** (history.inARow - 1))
  return longest * (0.5 + random / 2)
}

/** Milliseconds until the next try after `tries` in a row that lacked something. */
export function waitingDelayMs(tries: number): number {
  return Math.min(10_000, 1000 * 2 ** (tries - 1))
}
