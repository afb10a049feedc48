/**
 * `secret.json`: who can read it owns the cluster. Three separate secrets:
 * network keys prove who may speak, context keys sign contexts, the digest key is under every
 * Merkle tree and never changes. The first two are rings, so that a key can be replaced while
 * the cluster runs. Pure: the hosts read and write the file and ask for its mode.
 */
import { binaryOfHex, hexOf } from '../core/binary.ts'
import type { Secrets } from '../core/step.ts'

/** A key of a ring, 32 bytes as a binary string. Exactly one of a ring is in use; all count. */
export type SecretKey = { readonly id: number; readonly key: string; readonly use: boolean }

export type SecretFile = {
  readonly version: 1
  readonly network: readonly SecretKey[]
  readonly context: readonly SecretKey[]
  readonly digest: { readonly id: number; readonly key: string }
}

/** What is wrong with a secret; one line, which never shows any of it. */
export type SecretProblem = { readonly problem: string }

/** A secret for a new cluster; `random` gives so many bytes as a binary string. */
export function newSecret(random: (count: number) => string): SecretFile {
  return {
    version: 1,
    network: [{ id: 1, key: random(keyBytes), use: true }],
    context: [{ id: 1, key: random(keyBytes), use: true }],
    digest: { id: 1, key: random(keyBytes) },
  }
}

/** The file's text. */
export function renderSecret(secret: SecretFile): string {
  const ring = (keys: readonly SecretKey[]) => keys.map(key => ({ ...key, key: hexOf(key.key) }))
  const file = {
    version: secret.version,
    network: ring(secret.network),
    context: ring(secret.context),
    digest: { id: secret.digest.id, key: hexOf(secret.digest.key) },
  }
  return `${JSON.stringify(file, undefined, 2)}\n`
}

/** Reads the file's text. */
export function parseSecret(text: string): SecretFile | SecretProblem {
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch {
    return { problem: 'the secret is not JSON' }
  }
  if (field(file, 'version') !== 1) return { problem: 'the secret has a version not known here' }
  const network = ringOf(field(file, 'network'))
  if (network === undefined) return { problem: 'the secret has no ring of network keys' }
  const context = ringOf(field(file, 'context'))
  if (context === undefined) return { problem: 'the secret has no ring of context keys' }
  const digest = keyOfFile(field(file, 'digest'))
  if (digest === undefined) return { problem: 'the secret has no digest key' }
  return { version: 1, network, context, digest }
}

/** The keys that core uses. */
export function coreSecrets(secret: SecretFile): Secrets {
  return { context: inUseFirst(secret.context), digest: secret.digest.key }
}

/** The key that signs now. */
export function keyInUse(ring: readonly SecretKey[]): SecretKey | undefined {
  return ring.find(key => key.use)
}

/**
 * Why a secret's file must not be used: whoever else may read it owns the cluster, whoever may
 * write it takes it over. `ownUid` is undefined where modes mean nothing (Windows).
 */
export function secretFileProblem(file: FileOwner, ownUid: number | undefined): string | undefined {
  if (ownUid === undefined) return undefined
  if (file.uid !== ownUid) return 'it belongs to another user'
  if ((file.mode & 0o007) !== 0) return 'every user of this machine can open it: chmod 600'
  if ((file.mode & 0o020) !== 0) return 'its group can change it: chmod 600'
  return undefined
}

/** What deserves a warning only: some service managers hand secrets over as 0440. */
export function secretFileWarning(file: FileOwner, ownUid: number | undefined): string | undefined {
  return ownUid !== undefined && (file.mode & 0o040) !== 0 ? 'its group can read it' : undefined
}

/** What `stat` says of a file. */
export type FileOwner = { readonly mode: number; readonly uid: number }

function inUseFirst(ring: readonly SecretKey[]): SecretKey[] {
  return [...ring.filter(key => key.use), ...ring.filter(key => !key.use)]
}

function ringOf(value: unknown): SecretKey[] | undefined {
  if (!Array.isArray(value) || value.length > ringKeysMax) return undefined
  const ring: SecretKey[] = []
  for (const item of value) {
    const key = keyOfFile(item)
    const use = field(item, 'use')
    if (key === undefined || typeof use !== 'boolean') return undefined
    if (ring.some(other => other.id === key.id)) return undefined
    ring.push({ ...key, use })
  }
  return ring.filter(key => key.use).length === 1 ? ring : undefined
}

function keyOfFile(value: unknown): { id: number; key: string } | undefined {
  const id = field(value, 'id')
  const hex = field(value, 'key')
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0 || id > keyIdMax) {
    return undefined
  }
  const key = typeof hex === 'string' ? binaryOfHex(hex) : undefined
  return key?.length === keyBytes ? { id, key } : undefined
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}

export const keyIdMax = 65_535
const keyBytes = 32
const ringKeysMax = 16
