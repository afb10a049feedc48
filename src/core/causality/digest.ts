/**
 * The item digest (design §6.3, antientropy §3.2): equal on two replicas exactly where their
 * live versions are. Keyed, so that nobody can choose keys whose digests cancel out.
 */
import { mutant } from '#mutants'
import { binaryOfUint48 } from '../binary.ts'
import type { Hash } from '../hash.ts'
import type { Key } from '../ids.ts'
import type { Siblings, Version } from './siblings.ts'

/**
 * 8 bytes, binary: over key, live dots, checksums, tombstone flags and expiries. Never over
 * vector, operations, times or coordinators, which may differ where nothing needs repair.
 * '' where nothing is live: such an object is as good as none.
 */
export function itemDigest(
  hash: Hash,
  digestKey: string,
  key: Key,
  { versions }: Siblings,
): string {
  if (versions.length === 0) return ''
  let text = digestKey + String.fromCharCode(key.length >>> 8, key.length & 255) + key
  for (const version of mutant(20) ? versions.slice(0, 1) : versions) text += digestedOf(version)
  return hash.sha256(text).slice(0, 8)
}

/** 20 characters; the last one is the expiry's slot: 0 for none. */
function digestedOf({ dot, checksum, tombstone }: Version): string {
  return (
    dot.actor +
    binaryOfUint48(dot.counter) +
    String.fromCharCode(
      checksum >>> 24,
      (checksum >>> 16) & 255,
      (checksum >>> 8) & 255,
      checksum & 255,
      tombstone ? 1 : 0,
      0,
    )
  )
}
