/** `secret.json` of a local cluster: made once, read with the checks of `security.md` §2.1. */
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { binaryOf, binaryOfHex } from '../core/binary.ts'
import type { ClusterFile } from '../core/config.ts'
import type { ClusterId } from '../core/ids.ts'
import { newSecret, parseSecret, renderSecret, secretFileProblem } from '../wire/secret.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf } from './cluster-file.ts'
import type { ControlSecret } from './control-server.ts'
import { replacePrivateFile } from './private-file.ts'

/** Makes the secret of a new cluster; one left by a first start that broke off is replaced. */
export async function makeSecret(directory: string): Promise<void> {
  const secret = newSecret(count => binaryOf(randomBytes(count)))
  await replacePrivateFile(pathsOf(directory).secretFile, renderSecret(secret))
}

/** What proves either side of the control socket. Throws DENIED where the file is unsafe. */
export async function readControlSecret(
  directory: string,
  file: ClusterFile,
): Promise<ControlSecret> {
  const path = pathsOf(directory).secretFile
  const owner = await stat(path).catch(problem => deny(path, problem.code))
  const problem = secretFileProblem(owner, process.getuid?.())
  if (problem !== undefined) deny(path, problem)
  const secret = parseSecret(await readFile(path, 'utf8'))
  if ('problem' in secret) deny(path, secret.problem)
  return { cluster: binaryOfHex(file.id) as ClusterId, network: secret.network }
}

function deny(path: string, why: string): never {
  throw new ClusterError('DENIED', `${path} cannot be used: ${why}`)
}
