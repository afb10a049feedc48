/** `secret.json` of a local cluster: made once, read with the checks of `security.md` §2.1. */
import { randomBytes } from 'node:crypto'
import { readCredential } from '../client/cluster-directory.ts'
import { binaryOf, binaryOfHex } from '../core/binary.ts'
import type { ClusterFile } from '../core/config.ts'
import type { ClusterId } from '../core/ids.ts'
import { replacePrivateFile } from '../host/private-file.ts'
import { newSecret, renderSecret } from '../wire/secret.ts'
import { pathsOf } from './cluster-file.ts'
import type { ControlSecret } from './control-server.ts'

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
  const { network } = await readCredential(pathsOf(directory).secretFile)
  return { cluster: binaryOfHex(file.id) as ClusterId, network }
}
