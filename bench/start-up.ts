/**
 * How long `kv get` of one key takes from nothing, beside a `node` process that does nothing, in
 * pairs. The ratio is the result: milliseconds are the machine's, and are also given as they
 * would be on one where an empty process takes 55 ms.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Spread, spreadOf } from './report.ts'

export type StartUp = {
  readonly emptyMs: Spread
  readonly getMs: Spread
  readonly ratio: Spread
  /** `getMs` on the reference machine. */
  readonly scaledMs: number
}

/** A cluster must run in `directory`; a key of its own is put there first. */
export async function measureStartUp(directory: string, pairs: number): Promise<StartUp> {
  const get = [kv, 'get', 'start-up', '--cluster', directory]
  const empty = ['-e', '']
  await timed([kv, 'put', 'start-up', 'x', '--cluster', directory])
  await Promise.all([timed(get), timed(empty)])
  const emptyMs: number[] = []
  const getMs: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    emptyMs.push(await timed(empty))
    getMs.push(await timed(get))
  }
  const ratio = spreadOf(getMs.map((ms, pair) => ms / (emptyMs[pair] ?? 1)))
  return {
    emptyMs: spreadOf(emptyMs),
    getMs: spreadOf(getMs),
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
const referenceEmptyMs = 55
