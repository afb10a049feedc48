/**
 * How long commands of `kv` take from nothing, beside a `node` process that does nothing, in pairs:
 * `get` of one key, and `cluster up -n 5` of a cluster that exists. The ratio is the result:
 * milliseconds are the machine's, and are also given as they would be on one where an empty
 * process takes 55 ms.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Spread, spreadOf } from './report.ts'

export type StartUp = {
  readonly emptyMs: Spread
  readonly commandMs: Spread
  readonly ratio: Spread
  /** `commandMs` on the reference machine. */
  readonly scaledMs: number
}

/** `kv get`: a cluster must run in `directory`; a key of its own is put there first. */
export async function measureGet(directory: string, pairs: number): Promise<StartUp> {
  const get = [kv, 'get', 'start-up', '--cluster', directory]
  await timed([kv, 'put', 'start-up', 'x', '--cluster', directory])
  await Promise.all([timed(get), timed(empty)])
  return paired(get, pairs, async () => undefined)
}

/** `kv cluster up` of five nodes that were stopped before; makes and removes the cluster. */
export async function measureUp(directory: string, pairs: number): Promise<StartUp> {
  const up = [kv, 'cluster', 'up', '-n', '5', '--dir', directory, '--base-port', '0', '--json']
  await timed(up)
  try {
    return await paired(up, pairs, async () => {
      await timed([kv, 'cluster', 'down', '--cluster', directory, '--json'])
    })
  } finally {
    await timed([kv, 'cluster', 'destroy', directory, '--yes', '--json'])
  }
}

async function paired(
  command: readonly string[],
  pairs: number,
  before: () => Promise<void>,
): Promise<StartUp> {
  const emptyMs: number[] = []
  const commandMs: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    await before()
    emptyMs.push(await timed(empty))
    commandMs.push(await timed(command))
  }
  const ratio = spreadOf(commandMs.map((ms, pair) => ms / (emptyMs[pair] ?? 1)))
  return {
    emptyMs: spreadOf(emptyMs),
    commandMs: spreadOf(commandMs),
    ratio,
    scaledMs: ratio.median * referenceEmptyMs,
  }
}

function timed(args: readonly string[]): Promise<number> {
  const begun = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      if (code === 0) resolve(performance.now() - begun)
      else reject(new Error(`${args.slice(0, 2).join(' ')} ended with ${code}`))
    })
  })
}

const kv = fileURLToPath(new URL('../../bin/kv.js', import.meta.url))
const empty = ['-e', '']
const referenceEmptyMs = 55
