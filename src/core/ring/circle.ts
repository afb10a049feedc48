/**
 * The circle that partitions are walked on: every member's tokens in order, and where each
 * partition begins (Dynamo §4.2, "strategy 3": tokens and equal partitions are separate).
 */
import { uint48Of } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { NodeId } from '../ids.ts'

export type Circle = {
  /** The owner (an index into the members) of each token, clockwise, twice round. */
  readonly owners: Int32Array
  /** Tokens in one round. */
  readonly tokens: number
  /** For each partition the first token at or behind its start. */
  readonly starts: Int32Array
}

/** Tokens are ordered by their first 48 bits; of two equal ones the lower index comes first. */
export function circleOf(
  hash: Hash,
  members: readonly { readonly id: NodeId; readonly tokens: number }[],
  partitions: number,
): Circle {
  const places = members
    .flatMap(({ id, tokens }, owner) => placesOf(hash, id, tokens).map(place => ({ place, owner })))
    .sort((a, b) => a.place - b.place || a.owner - b.owner)
  const tokens = places.length
  const owners = new Int32Array(tokens * 2)
  for (const [i, { owner }] of places.entries()) owners[i] = owners[tokens + i] = owner
  const starts = new Int32Array(partitions)
  let next = 0
  for (let partition = 0; partition < partitions; partition++) {
    const start = (2 ** 48 / partitions) * partition
    while (next < tokens && (places[next]?.place ?? 0) < start) next++
    starts[partition] = next % tokens
  }
  return { owners, tokens, starts }
}

/** Four tokens from one hash: the first 48 of each 64 bits. */
function placesOf(hash: Hash, id: NodeId, tokens: number): number[] {
  const places: number[] = []
  for (let block = 0; places.length < tokens; block++) {
    const digest = hash.sha256(`ring\0${id}\0${block}`)
    for (let at = 0; at < 32 && places.length < tokens; at += 8) {
      places.push(uint48Of(digest.slice(at, at + 6)))
    }
  }
  return places
}
