/**
 * Where clusters live, and what a client reads there: the addresses of the nodes from
 * `cluster.json`, the keys from `secret.json` (ux 4.2, `security.md` §2.1). A secret that others
 * may read or change is refused, because whoever has it owns the cluster.
 */
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve, sep } from 'node:path'
import { binaryOfHex } from '../core/binary.ts'
import { type ClusterFile, checkClusterFile } from '../core/config.ts'
import { type ClusterId, nameOf } from '../core/ids.ts'
import {
  parseSecret,
  type SecretFile,
  secretFileProblem,
  secretFileWarning,
} from '../wire/secret.ts'
import { refusal } from './errors.ts'

export type Address = { readonly host: string; readonly port: number }

/** How a cluster is reached. */
export type Reach = {
  /** For people: its name, or the addresses. */
  readonly cluster: string
  /** undefined where only addresses are known: the first welcome tells it. */
  readonly id: ClusterId | undefined
  readonly seeds: readonly Address[]
  readonly secret: SecretFile
}

type Environment = Readonly<Record<string, string | undefined>>

/** The directory that holds one directory for each cluster of this user. */
export function clustersDirectory(environment: Environment = process.env): string {
  const data = environment['XDG_DATA_HOME']
  const base = data !== undefined && isAbsolute(data) ? data : join(homedir(), '.local', 'share')
  return join(base, 'kv', 'clusters')
}

/** A name stands for a directory among this user's clusters; anything with a slash is a path. */
export function clusterDirectory(cluster: string, environment: Environment = process.env): string {
  if (looksLikePath(cluster)) return resolve(cluster)
  const name = nameOf(cluster)
  if (name !== undefined) return join(clustersDirectory(environment), name)
  throw refusal('USAGE', 'a cluster is a name of 1 to 32 of a-z, 0-9 and -, or a path with a slash')
}

/** The names of this user's clusters, sorted. */
export async function listClusters(environment: Environment = process.env): Promise<string[]> {
  const directory = clustersDirectory(environment)
  const names: string[] = []
  for (const name of await entriesOf(directory)) {
    if (nameOf(name) === undefined) continue
    if ((await readIfThere(join(directory, name, 'cluster.json'))) !== undefined) names.push(name)
  }
  return names.sort()
}

/** The cluster in this directory. Throws NOT_FOUND, CLUSTER_CONFLICT, DENIED. */
export async function reachDirectory(directory: string, credential?: string): Promise<Reach> {
  const file = await readClusterFile(directory)
  const secret = await readCredential(credential ?? join(directory, 'secret.json'))
  const id = binaryOfHex(file.id) as ClusterId
  // Whoever was stopped or paused on purpose is not asked, unless that leaves nobody.
  const up = file.nodes.filter(node => node.intent === 'up')
  const seeds = up.length > 0 ? up : file.nodes
  return { cluster: file.name, id, seeds, secret }
}

/** Keys from a `secret.json`. Throws DENIED where it is missing, unsafe or none. */
export async function readCredential(path: string): Promise<SecretFile> {
  const handle = await open(path, 'r').catch((problem: unknown) => {
    throw refusal('DENIED', `cannot open the credential ${path}`, problem)
  })
  try {
    const text = await readSafely(handle, path)
    const secret = parseSecret(text)
    if ('problem' in secret) throw refusal('DENIED', `${path}: ${secret.problem}`)
    return secret
  } finally {
    await handle.close()
  }
}

/** `host:port,host:port`, an IPv6 host in brackets; undefined where the text is none. */
export function addressesOf(text: string): Address[] | undefined {
  const addresses: Address[] = []
  for (const part of text.split(',')) {
    const found = /^(?:\[([0-9a-f:.%]+)\]|([^:\s[\]/\\]+)):(\d{1,5})$/i.exec(part.trim())
    const port = Number(found?.[3])
    const host = found?.[1] ?? found?.[2]
    if (host === undefined || !(port >= 1 && port <= 65535)) return undefined
    addresses.push({ host, port })
  }
  return addresses
}

/** The file is judged and read through one handle, so that it cannot be exchanged between. */
async function readSafely(handle: FileHandle, path: string): Promise<string> {
  const owner = await handle.stat()
  const ownUid = process.getuid?.()
  const problem = secretFileProblem(owner, ownUid)
  if (problem !== undefined) throw refusal('DENIED', `the credential ${path} is unsafe: ${problem}`)
  const warning = secretFileWarning(owner, ownUid)
  if (warning !== undefined) process.emitWarning(`the credential ${path}: ${warning}`)
  if (!owner.isFile() || owner.size > secretBytesMax) {
    throw refusal('DENIED', `the credential ${path} is no secret of a cluster`)
  }
  return handle.readFile('utf8')
}

async function readClusterFile(directory: string): Promise<ClusterFile> {
  const path = join(directory, 'cluster.json')
  const text = await readIfThere(path)
  if (text === undefined) throw refusal('NOT_FOUND', `there is no cluster in ${directory}`)
  const checked = checkClusterFile(parsed(text, path))
  if ('file' in checked) return checked.file
  throw refusal('CLUSTER_CONFLICT', `${path}: ${checked.problems.join('; ')}`)
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (problem) {
    throw refusal('CLUSTER_CONFLICT', `${path} is not JSON: it was edited or cut off`, problem)
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r').catch((problem: unknown) => absentOr(problem, path))
  if (handle === undefined) return undefined
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

async function entriesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory).catch((problem: unknown) => absentOr(problem, directory))
  return entries ?? []
}

/** undefined where nothing is there; whatever else stops a read is an error. */
function absentOr(problem: unknown, path: string): undefined {
  if (errnoOf(problem) === 'ENOENT' || errnoOf(problem) === 'ENOTDIR') return undefined
  throw refusal('DENIED', `cannot read ${path}: ${errnoOf(problem) ?? 'unknown error'}`, problem)
}

function errnoOf(problem: unknown): unknown {
  return problem instanceof Error ? Reflect.get(problem, 'code') : undefined
}

function looksLikePath(cluster: string): boolean {
  return cluster.includes('/') || cluster.includes(sep) || /^\.{1,2}$/.test(cluster)
}

const secretBytesMax = 64 * 1024
