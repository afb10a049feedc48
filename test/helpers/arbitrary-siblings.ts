/** Generators of what causality handles: dots, vectors, objects. Few actors, so that they meet. */
import fc from 'fast-check'
import {
  compareIdentities,
  compareVersions,
  noSiblings,
  pinned,
  putVersion,
  type Seen,
  type Siblings,
  seenOf,
  type Version,
} from '../../src/core/causality/siblings.ts'
import { counterOf, type VersionVector } from '../../src/core/causality/version-vector.ts'
import type { Actor, NodeId, OpId } from '../../src/core/ids.ts'
import { nodeHash } from './hash.ts'

export const actorOf = (letter: string) => letter.repeat(8) as Actor
export const opOf = (number: number) => String(number).padStart(12, '0') as OpId

/** A version with a value of its own, or a tombstone where there is no text. */
export function versionOf(actor: string, counter: number, op: number, text?: string): Version {
  const value = Uint8Array.from(text ?? '', char => char.charCodeAt(0))
  return {
    dot: { actor: actorOf(actor), counter },
    op: opOf(op),
    tombstone: text === undefined,
    checksum: nodeHash.crc32(value),
    at: 1_700_000_000_000 + op,
    via: 'n1' as NodeId,
    value,
  }
}

export const vectors: fc.Arbitrary<VersionVector> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...'abcdefg'), fc.integer({ min: 1, max: 4 })), {
    selector: ([actor]) => actor,
  })
  .map(entries =>
    entries
      .map(([actor, counter]) => ({ actor: actorOf(actor), counter }))
      .sort((a, b) => (a.actor < b.actor ? -1 : 1)),
  )

/**
 * Three objects of one key that three coordinators with actors a, b and c may come to hold:
 * each puts with what it holds, with nothing, or with what another shows, and they exchange.
 */
export const trios: fc.Arbitrary<readonly [Siblings, Siblings, Siblings]> = fc
  .array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), { maxLength: 7 })
  .map(puts => {
    const held: [Siblings, Siblings, Siblings] = [noSiblings, noSiblings, noSiblings]
    const blind: Seen = { vector: [], ops: [], pins: [] }
    puts.forEach(([at, from, how], i) => {
      const base = held[at]!
      const letter = 'abc'[at]!
      const ahead = counterOf(held[from]!.vector, actorOf(letter))
      const counter = counterOf(base.vector, actorOf(letter)) + 1
      const seen = how === 0 || ahead >= counter ? blind : seenOf(how === 1 ? base : held[from]!)
      const made = putVersion(base, seen, versionOf(letter, counter, i, `${i}`))
      held[at] = how === 0 ? pinned(made, opOf(i)) : made
    })
    return held
  })

/** Any object at all that the format can carry. */
export const objects: fc.Arbitrary<Siblings> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.string({ unit: byte(), minLength: 8, maxLength: 8 }), counter()), {
      selector: ([actor]) => actor,
      maxLength: 6,
    }),
    fc.uniqueArray(fc.string({ unit: byte(), minLength: 12, maxLength: 12 }), { maxLength: 8 }),
    fc.array(fc.tuple(fc.nat(5), fc.uint8Array({ maxLength: 40 }), fc.boolean(), counter()), {
      maxLength: 5,
    }),
    fc.uniqueArray(fc.string({ unit: byte(), minLength: 12, maxLength: 12 }), { maxLength: 12 }),
  )
  .map(([entries, ops, picks, pins]) => {
    const vector = entries
      .map(([actor, counter]) => ({ actor: actor as Actor, counter }))
      .sort((a, b) => (a.actor < b.actor ? -1 : 1))
    const versions = picks
      .filter(([pick]) => vector[pick] !== undefined)
      .map(([pick, value, tombstone, at], i) => ({
        dot: vector[pick]!,
        op: opOf(i),
        tombstone,
        checksum: nodeHash.crc32(tombstone ? new Uint8Array(0) : value),
        at,
        via: `n${pick}` as NodeId,
        value: tombstone ? new Uint8Array(0) : value,
      }))
      .sort(compareVersions)
      .filter((version, i, all) => i === 0 || compareIdentities(all[i - 1]!, version) !== 0)
    return { vector, versions, ops: descending(ops), pins: descending(pins) }
  })

function descending(ops: readonly string[]): readonly OpId[] {
  return [...(ops as OpId[])].sort((a, b) => (a < b ? 1 : -1))
}

function byte() {
  return fc.nat(255).map(code => String.fromCharCode(code))
}

function counter() {
  return fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 48 - 1 }))
}

/** Changes one byte or two, cuts the end off or adds to it; never leaves the bytes as they were. */
export const mutations = fc
  .tuple(fc.nat(3), fc.nat(), fc.integer({ min: 1, max: 255 }))
  .map(([kind, at, by]) => (bytes: Uint8Array): Uint8Array => {
    if (kind === 0) return bytes.slice(0, at % bytes.length)
    if (kind === 1) return Uint8Array.of(...bytes, by)
    const changed = bytes.slice()
    changed[at % bytes.length]! ^= by
    const other = (at + 1 + (by % (bytes.length - 1))) % bytes.length
    if (kind === 3) changed[other]! ^= by
    return changed
  })
