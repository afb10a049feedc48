/**
 * The two files that a node is started from: `cluster.json`, and `secret.json` beside it. Both
 * are read once and checked as a whole; what is wrong with them ends the start with one line.
 */
import { readFileSync, statSync } from 'node:fs'
import { type ClusterFile, checkClusterFile, type NodeEntry } from '../core/config.ts'
import {
  parseSecret,
  type SecretFile,
  secretFileProblem,
  secretFileWarning,
} from '../wire/secret.ts'
import { exitCodes, StartRefused } from './start-refused.ts'
import { errorLine } from './store-error.ts'

/** The cluster file; throws StartRefused with every problem in it. */
export function readClusterFile(path: string): ClusterFile {
  const value = parseJson(textOf(path), path)
  refuseOpenAddresses(value)
  const checked = checkClusterFile(value)
  if ('file' in checked) return checked.file
  throw new StartRefused(exitCodes.refused, `${path}: ${checked.problems.join('; ')}`)
}

/** This node's entry; throws StartRefused where it has none. */
export function entryOf(file: ClusterFile, name: string, path: string): NodeEntry {
  const entry = file.nodes.find(node => node.name === name)
  if (entry === undefined) {
    const names = file.nodes.map(node => node.name).join(', ')
    throw new StartRefused(exitCodes.refused, `${path} has no such node; it lists ${names}`)
  }
  return entry
}

/** The secret in a file; throws StartRefused where others may read it. */
export function readSecret(path: string, warn: (text: string) => void): SecretFile {
  const text = textOf(path)
  const owner = statSync(path)
  const ownUid = process.getuid?.()
  const problem = secretFileProblem(owner, ownUid)
  if (problem !== undefined) {
    throw new StartRefused(exitCodes.denied, `${path} is not used: ${problem}`)
  }
  const warning = secretFileWarning(owner, ownUid)
  if (warning !== undefined) warn(`${path}: ${warning}`)
  const secret = parseSecret(text)
  if ('problem' in secret) {
    throw new StartRefused(exitCodes.denied, `${path} is not used: ${secret.problem}`)
  }
  return secret
}

/** Only the two loopback addresses, literally: nothing is encrypted yet (`security.md` §2.2). */
function refuseOpenAddresses(file: unknown): void {
  const nodes: unknown = Reflect.get(Object(file), 'nodes')
  for (const node of Array.isArray(nodes) ? nodes : []) {
    const host: unknown = Reflect.get(Object(node), 'host')
    if (typeof host !== 'string' || host === '127.0.0.1' || host === '::1') continue
    const shown = `${host}:${Reflect.get(Object(node), 'port')}`.replace(/[^ -~]/g, '?')
    throw new StartRefused(
      exitCodes.refused,
      `refusing to listen on ${shown.slice(0, 80)}: this version does not encrypt; ` +
        'it listens on 127.0.0.1 only',
    )
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (problem) {
    throw new StartRefused(exitCodes.refused, `cannot read ${path}: ${errorLine(problem)}`)
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new StartRefused(exitCodes.refused, `${path} is not JSON: it was edited or cut off`)
  }
}
