/**
 * Bytes that commit 2d011a9 wrote, the last one before there were pins, and what they say: they
 * are read for ever. The first three of its store's rows are an object, a hint and a mark.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { bytesOf } from '../../src/core/binary.ts'
import type { ActorField } from '../../src/core/causality/actor.ts'
import type { Seen, Siblings } from '../../src/core/causality/siblings.ts'
import type { Generation, Key } from '../../src/core/ids.ts'
import type { Mark } from '../../src/core/reaping/marks.ts'

type Old<Known extends { pins: unknown }> = Omit<Known, 'pins'>
type Golden = {
  readonly key: Key
  readonly contextKey: { readonly id: number; readonly key: string }
  readonly objects: Readonly<Record<string, { readonly is: Old<Siblings>; readonly bytes: string }>>
  readonly records: Readonly<
    Record<string, { readonly of: string; readonly field?: ActorField; readonly bytes: string }>
  >
  readonly contexts: Readonly<
    Record<
      string,
      { readonly seen: Old<Seen>; readonly generation: Generation; readonly bytes: string }
    >
  >
  readonly mark: { readonly is: Mark; readonly bytes: string }
  readonly store: { readonly storeJson: unknown; readonly dataMdbGzip: string }
}

const path = join(import.meta.dirname, '../../../test/fixtures/golden-2d011a9.json')
export const golden: Golden = JSON.parse(readFileSync(path, 'utf8'))

/** The object of this name as it is now: it has no pins. */
export function goldenObject(name: string): Siblings {
  const { is } = golden.objects[name]!
  // Values stand there as text.
  const versions = is.versions.map(one => ({ ...one, value: bytesOf(String(one.value)) }))
  return { ...is, versions, pins: [] }
}

export function bytesOfHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

/** The data file of its store. */
export function goldenDataFile(): Uint8Array {
  return gunzipSync(Buffer.from(golden.store.dataMdbGzip, 'base64'))
}
