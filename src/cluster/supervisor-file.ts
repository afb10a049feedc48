/**
 * `supervisor.json`: who supervises this cluster, where its socket is, and which processes its
 * nodes are, so that a later `up` or `down` finds and ends what a dead supervisor left (ux 4.3).
 * Nothing in it is believed without a check: a pid counts only with its start time and boot id.
 */

import { isOf, placeOf } from '../host/place.ts'
import { readText, replacePrivateFile } from '../host/private-file.ts'
import { type ProcessIdentity, readIdentity } from '../host/process-identity.ts'
import { pathsOf } from './cluster-file.ts'

export type SupervisorFile = {
  readonly formatVersion: 1
  readonly supervisor: ProcessIdentity
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Path of the control socket. */
  readonly socket: string
  readonly nodes: readonly (ProcessIdentity & { readonly name: string })[]
}

/** A supervisor that has its process and not yet begun: what ends the cluster ends it, too. */
export async function writeBeginning(
  directory: string,
  supervisor: ProcessIdentity,
): Promise<void> {
  const { socket } = pathsOf(directory)
  const begins = { formatVersion: 1, supervisor, startedAt: Date.now(), socket, nodes: [] } as const
  await writeSupervisorFile(directory, begins)
}

export async function writeSupervisorFile(directory: string, file: SupervisorFile): Promise<void> {
  const own = { ...file, directory: placeOf(directory) }
  const text = `${JSON.stringify(own, undefined, 2)}\n`
  await replacePrivateFile(pathsOf(directory).supervisorFile, text)
}

/** The file; undefined where there is none that can be read (it is only a trace, never state). */
export async function readSupervisorFile(directory: string): Promise<SupervisorFile | undefined> {
  const text = await readText(pathsOf(directory).supervisorFile)
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  // That of a copied directory tells of the processes of another one.
  if (!isOf(directory, value)) return undefined
  const fields = Object(value) as Readonly<Record<string, unknown>>
  const supervisor = readIdentity(fields['supervisor'])
  const socket = fields['socket']
  const startedAt = fields['startedAt']
  if (supervisor === undefined || typeof socket !== 'string') return undefined
  const nodes = Array.isArray(fields['nodes']) ? fields['nodes'].flatMap(nodeIn) : []
  const since = typeof startedAt === 'number' ? startedAt : 0
  return { formatVersion: 1, supervisor, socket, startedAt: since, nodes }
}

function nodeIn(value: unknown): SupervisorFile['nodes'] {
  const identity = readIdentity(value)
  const name: unknown = Reflect.get(Object(value), 'name')
  return identity === undefined || typeof name !== 'string' ? [] : [{ ...identity, name }]
}
