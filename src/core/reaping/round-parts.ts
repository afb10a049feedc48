/** The bytes of a round's questions and answers, a part for each partition. */
import { ByteReader, ByteWriter } from '../entropy/bytes.ts'
import { type Generation, type Key, keyOf, type OpId, type Partition, type Token } from '../ids.ts'
import type { PinnedKey } from './marks.ts'
import type { PartitionState } from './partition-rows.ts'

/** A key that may be cleaned: its token, and the item digest that it must have everywhere. */
export type Candidate = { readonly token: Token; readonly key: Key; readonly digest: string }

/**
 * Pins that may be shed, and the item digest of the key at the asker. Who does not know such an
 * operation may take its pin only if it holds the same versions: else it may lack what superseded
 * the operation, and would drop it, alive elsewhere, for nothing.
 */
export type PinnedCandidate = PinnedKey & { readonly digest: string }

/** Which round of which partition; a round is drawn, and its marks are no other's. */
export type StepPart = {
  readonly partition: Partition
  readonly generation: Generation
  readonly round: number
}
/** `floor`, `reaped`: the asker's own. */
export type ProvePart = StepPart & {
  readonly floor: Generation
  readonly reaped: Generation
  /** Of all objects of the partition; 8 bytes, or '' if they need not be equal. */
  readonly sum: string
  readonly keys: readonly Candidate[]
  readonly pins: readonly PinnedCandidate[]
}

/**
 * done: durably. wait: not yet. past: this node is in a later generation. lost: it has no mark
 * of this round.
 */
export const partStates = ['done', 'wait', 'past', 'lost'] as const
export type PartState = (typeof partStates)[number]
export type ToldPart = {
  readonly state: PartState
  readonly generation: Generation
  /**
   * Which of the keys differ here, by their position, and which of the pins are not to be shed:
   * those stand behind the keys, id by id.
   */
  readonly missing: readonly number[]
}
export type LearntPart = PartitionState & { readonly partition: Partition }

export function encodeSteps(parts: readonly StepPart[]): Uint8Array {
  const writer = new ByteWriter()
  for (const part of parts) writeStep(writer, part)
  return writer.take()
}

export function decodeSteps(bytes: Uint8Array): readonly StepPart[] {
  return listOf(bytes, readStep)
}

export function encodeProofs(parts: readonly ProvePart[]): Uint8Array {
  const writer = new ByteWriter()
  for (const part of parts) {
    writeStep(writer, part)
    writer.varint(part.floor)
    writer.varint(part.reaped)
    writeBinary(writer, part.sum)
    writer.varint(part.keys.length)
    for (const { token, key, digest } of part.keys) {
      writeBinary(writer, token)
      writeBinary(writer, key)
      writeBinary(writer, digest)
    }
    writer.varint(part.pins.length)
    for (const { token, key, digest, ops } of part.pins) {
      writeBinary(writer, token)
      writeBinary(writer, key)
      writeBinary(writer, digest)
      writer.varint(ops.length)
      for (const op of ops) writeBinary(writer, op)
    }
  }
  return writer.take()
}

/** Without what cannot be read. */
export function decodeProofs(bytes: Uint8Array): readonly ProvePart[] {
  return listOf(bytes, reader => {
    const step = readStep(reader)
    const floor = reader.varint()
    const reaped = reader.varint()
    const sum = readBinary(reader)
    const keys: Candidate[] = []
    for (let left = reader.varint(); left > 0 && reader.left > 0; left--) {
      const token = readBinary(reader) as Token
      const key = keyOf(readBinary(reader))
      const digest = readBinary(reader)
      if (key === undefined || token.length !== 8) return undefined
      keys.push({ token, key, digest })
    }
    const pins = readPins(reader)
    return pins && { ...step, floor, reaped, sum, keys, pins }
  })
}

export function encodeTold(parts: readonly ToldPart[]): Uint8Array {
  const writer = new ByteWriter()
  for (const { state, generation, missing } of parts) {
    writer.byte(partStates.indexOf(state))
    writer.varint(generation)
    writer.varint(missing.length)
    for (const position of missing) writer.varint(position)
  }
  return writer.take()
}

export function decodeTold(bytes: Uint8Array): readonly ToldPart[] {
  return listOf(bytes, reader => {
    const state = partStates[reader.byte()]
    const generation = reader.varint()
    const missing: number[] = []
    for (let left = reader.varint(); left > 0 && reader.left > 0; left--) {
      missing.push(reader.varint())
    }
    return state && { state, generation, missing }
  })
}

export function encodeLearnt(parts: readonly LearntPart[]): Uint8Array {
  const writer = new ByteWriter()
  for (const { partition, generation, floor, reaped } of parts) {
    for (const one of [partition, generation, floor, reaped]) writer.varint(one)
  }
  return writer.take()
}

export function decodeLearnt(bytes: Uint8Array): readonly LearntPart[] {
  return listOf(bytes, reader => ({
    partition: reader.varint() as Partition,
    generation: reader.varint(),
    floor: reader.varint(),
    reaped: reader.varint(),
  }))
}

function readPins(reader: ByteReader): readonly PinnedCandidate[] | undefined {
  const pins: PinnedCandidate[] = []
  for (let left = reader.varint(); left > 0 && reader.left > 0; left--) {
    const token = readBinary(reader) as Token
    const key = keyOf(readBinary(reader))
    const digest = readBinary(reader)
    const ops: OpId[] = []
    for (let ids = reader.varint(); ids > 0 && reader.left > 0; ids--) {
      const op = readBinary(reader) as OpId
      if (op.length !== 12) return undefined
      ops.push(op)
    }
    if (key === undefined || token.length !== 8) return undefined
    pins.push({ token, key, digest, ops })
  }
  return pins
}

function writeStep(writer: ByteWriter, { partition, generation, round }: StepPart): void {
  writer.varint(partition)
  writer.varint(generation)
  writer.varint(round)
}

function readStep(reader: ByteReader): StepPart {
  const partition = reader.varint() as Partition
  return { partition, generation: reader.varint(), round: reader.varint() }
}

function writeBinary(writer: ByteWriter, binary: string): void {
  writer.varint(binary.length)
  writer.binary(binary)
}

function readBinary(reader: ByteReader): string {
  return reader.binary(reader.varint())
}

/** Parts to the end of the bytes; those from the first that cannot be read on are left out. */
function listOf<Part>(
  bytes: Uint8Array,
  read: (reader: ByteReader) => Part | undefined,
): readonly Part[] {
  const reader = new ByteReader(bytes)
  const parts: Part[] = []
  while (reader.left > 0) {
    const part = read(reader)
    if (part === undefined) break
    parts.push(part)
  }
  return parts
}
