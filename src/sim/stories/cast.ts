/**
 * Who is who in a story: the five nodes by their place in the walk of the story's key (A, B and C
 * own it, D and E stand in), and the actors of vectors by the node that drew them: A, then A2.
 * So a vector reads as in Dynamo §4.4: `{A,2},{B,1}`.
 */
import { binaryOf } from '../../core/binary.ts'
import type { Siblings, Version } from '../../core/causality/siblings.ts'
import type { Dot, VersionVector } from '../../core/causality/version-vector.ts'
import { partitionOf, tokenOf } from '../../core/hash.ts'
import type { Actor, Key, NodeId } from '../../core/ids.ts'
import { claim } from '../../core/ring/claim.ts'
import type { Context } from '../context.ts'
import { simHash } from '../hash.ts'

export const letters = ['A', 'B', 'C', 'D', 'E'] as const
export type Letter = (typeof letters)[number]
export const owners: readonly Letter[] = ['A', 'B', 'C']

export class Cast {
  readonly #nodes: readonly NodeId[]
  readonly #actors = new Map<Actor, string>()
  readonly #drawn = new Map<Letter, number>()

  constructor({ members, settings }: Context, key: Key) {
    const ring = claim(simHash, members, settings)
    const partition = partitionOf(tokenOf(simHash, key), settings.partitions)
    this.#nodes = [...(ring.lists[partition] ?? []), ...(ring.fallbacks[partition] ?? [])]
  }

  node(letter: Letter): NodeId {
    return this.#nodes[letters.indexOf(letter)] as NodeId
  }

  letter(node: NodeId): Letter {
    return letters[this.#nodes.indexOf(node)] as Letter
  }

  /** In the order of the walk, as one word: `BC`. */
  word(nodes: readonly NodeId[]): string {
    return nodes
      .map(node => this.letter(node))
      .sort()
      .join('')
  }

  /** Names the actors of an object that is seen for the first time. */
  learn({ versions }: Siblings): void {
    for (const { dot, via } of versions) {
      if (this.#actors.has(dot.actor)) continue
      const letter = this.letter(via)
      const count = (this.#drawn.get(letter) ?? 0) + 1
      this.#drawn.set(letter, count)
      this.#actors.set(dot.actor, count === 1 ? letter : `${letter}${count}`)
    }
  }

  dot({ actor, counter }: Dot): string {
    return `{${this.#actors.get(actor) ?? '?'},${counter}}`
  }

  vector(vector: VersionVector): string {
    return vector
      .map(dot => this.dot(dot))
      .sort()
      .join(',')
  }

  /** `"beer" and "wine" {A,1},{B,1}`. */
  object(siblings: Siblings | undefined): string {
    if (siblings === undefined || siblings.versions.length === 0) return 'nothing'
    return `${valuesText(valuesOf(siblings.versions))} ${this.vector(siblings.vector)}`
  }

  /** A sentence of a node, with its own name for each node. */
  translated(text: string): string {
    return text.replace(/\bn[1-5]\b/g, node => this.letter(node as NodeId))
  }
}

/** As people wrote them, sorted. */
export function valuesOf(versions: readonly Pick<Version, 'value'>[]): readonly string[] {
  return versions.map(({ value }) => binaryOf(value)).sort()
}

export function valuesText(values: readonly string[]): string {
  return values.length === 0 ? 'nothing' : listed(values.map(value => `"${value}"`))
}

/** `a, b and c`. */
export function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? ''
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`
}
