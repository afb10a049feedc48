/** Which nodes hold keys that are too large to be sent, on one line (docs/repair.md). */
import { counted } from './render.ts'

export type NodeCounters = {
  readonly node: string
  readonly counters: ReadonlyMap<string, number>
}

/** undefined: nobody. A node counts a key once it has come upon it. */
export function tooLargeLine(all: readonly NodeCounters[]): string | undefined {
  const some = all.flatMap(({ node, counters }) => {
    const count = counters.get('keysTooLarge') ?? 0
    return count === 0 ? [] : [`${node} (${counted(count, 'key')})`]
  })
  if (some.length === 0) return undefined
  return `too large to be sent to other nodes, so never repaired: ${some.join(', ')}; the logs name them`
}
