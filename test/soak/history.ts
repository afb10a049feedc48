/**
 * What the clients of one run did and were shown, and what may be found afterwards. The oracle is
 * what each writer had been shown, never the system's own vectors: a write is safe where it is
 * live, or where one that its writer had been shown it by is safe.
 */

/** A value names its write; unique in the run. */
export type Write = {
  readonly value: string
  readonly key: string
  /** The values that its writer had been shown, and so replaces. */
  readonly saw: readonly string[]
  /** failed: for certain; unsure: it may have happened. */
  ended: 'acknowledged' | 'failed' | 'unsure'
}

export type Verdict = {
  /** Acknowledged, and neither live nor replaced by one that had seen it. */
  readonly lost: readonly string[]
  /** Live beside or after one that had replaced it. */
  readonly cameBack: readonly string[]
  /** Live although it failed for certain, or nobody wrote it. */
  readonly impossible: readonly string[]
  readonly live: number
  readonly replaced: number
}

/** Holds what is live of each key against what was written. */
export function judge(
  writes: readonly Write[],
  live: ReadonlyMap<string, readonly string[]>,
): Verdict {
  const byValue = new Map(writes.map(write => [write.value, write]))
  const lost: string[] = []
  const cameBack: string[] = []
  const impossible: string[] = []
  let liveCount = 0
  const replaced = new Set<string>()
  for (const [key, values] of live) {
    for (const value of values) {
      liveCount++
      const write = byValue.get(value)
      if (write === undefined || write.key !== key || write.ended === 'failed') {
        impossible.push(value)
      }
    }
    for (const value of ancestorsOf(values, byValue)) replaced.add(value)
    cameBack.push(...values.filter(value => replaced.has(value)))
  }
  for (const { value, key, ended } of writes) {
    if (ended !== 'acknowledged' || replaced.has(value)) continue
    if (live.get(key)?.includes(value) !== true) lost.push(value)
  }
  return { lost, cameBack, impossible, live: liveCount, replaced: replaced.size }
}

/** All that the writers of these had been shown, and the writers of those, and so on. */
function ancestorsOf(
  values: readonly string[],
  byValue: ReadonlyMap<string, Write>,
): ReadonlySet<string> {
  const found = new Set<string>()
  const queue = [...values]
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    for (const seen of byValue.get(value)?.saw ?? []) {
      if (found.has(seen)) continue
      found.add(seen)
      queue.push(seen)
    }
  }
  return found
}
