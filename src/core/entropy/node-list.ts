/**
 * Nodes of one level as bytes: the distance of each prefix from the one before, about a byte
 * each; for `differ` with the short digests that are wanted of each.
 */
import { ByteReader, ByteWriter } from './bytes.ts'

/** Short digests of one node. */
export type Wanted = { readonly prefix: number; readonly shorts: readonly number[] }

/** Ascending prefixes. */
export function encodeNodes(prefixes: readonly number[]): Uint8Array {
  const writer = new ByteWriter()
  let last = -1
  for (const prefix of prefixes) {
    writer.varint(prefix - last - 1)
    last = prefix
  }
  return writer.take()
}

/** The prefixes, below 2^level; undefined where these are no such bytes. */
export function decodeNodes(bytes: Uint8Array, level: number): readonly number[] | undefined {
  const reader = new ByteReader(bytes)
  const prefixes: number[] = []
  let last = -1
  while (reader.left > 0) {
    last += 1 + reader.varint()
    if (last >= 2 ** level || prefixes.length >= nodesMax) return undefined
    prefixes.push(last)
  }
  return prefixes
}

/** Nodes in ascending order. */
export function encodeWanted(nodes: readonly Wanted[]): Uint8Array {
  const writer = new ByteWriter()
  let last = -1
  for (const { prefix, shorts } of nodes) {
    writer.varint(prefix - last - 1)
    writer.varint(shorts.length)
    for (const short of shorts) writer.uint32(short)
    last = prefix
  }
  return writer.take()
}

export function decodeWanted(bytes: Uint8Array, level: number): readonly Wanted[] | undefined {
  const reader = new ByteReader(bytes)
  const nodes: Wanted[] = []
  let last = -1
  while (reader.left > 0) {
    last += 1 + reader.varint()
    const count = reader.varint()
    if (last >= 2 ** level || nodes.length >= nodesMax || 4 * count > reader.left) return undefined
    nodes.push({ prefix: last, shorts: Array.from({ length: count }, () => reader.uint32()) })
  }
  return nodes
}

/** Nodes in one question. */
export const nodesMax = 1024
