/** Small draws from a source of random bytes; the source is the host's (`step.ts`). */

/** `count` random bytes as a binary string. */
export type Random = (count: number) => string

/** A random integer from 0 to below `bound`, which is at most 65,536. */
export function drawBelow(random: Random, bound: number): number {
  const bytes = random(2)
  return Math.floor(((bytes.charCodeAt(0) * 256 + bytes.charCodeAt(1)) * bound) / 65536)
}

/** One of the items; undefined where there are none. */
export function drawOne<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items.length === 0 ? undefined : items[drawBelow(random, items.length)]
}

/** At most `count` different items, in random order. */
export function drawSome<Item>(random: Random, items: readonly Item[], count: number): Item[] {
  const left = [...items]
  const drawn: Item[] = []
  while (drawn.length < count && left.length > 0) {
    const [item] = left.splice(drawBelow(random, left.length), 1)
    drawn.push(item as Item)
  }
  return drawn
}
