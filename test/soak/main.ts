/**
 * `npm run soak:kill9` and `npm run soak:frames`: the two long runs against the built product.
 * `npm test` runs the same code with small counts. Exit 1 where something was lost or broken.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isFlat, soakFrames } from './frames.ts'
import { soakKill9 } from './kill9.ts'

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '100' },
    frames: { type: 'string', default: '1000000' },
  },
})

function progress(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}

async function kill9(): Promise<boolean> {
  const kills = Number(flags.kills)
  const report = await soakKill9({ kills, clients: 4, inFlight: 8, keys: 400, progress })
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  return report.lost.length + report.cameBack.length + report.impossible.length === 0
}

async function frames(): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'kv-soak-'))
  try {
    const wanted = Number(flags.frames)
    const report = await soakFrames({ frames: wanted, connections: 12, directory, progress })
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
    return report.prototypesUntouched && isFlat(report.rssMiB)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const runs: Readonly<Record<string, () => Promise<boolean>>> = { kill9, frames }
const run = runs[positionals[0] ?? '']
if (run === undefined) throw new Error('usage: main.js kill9|frames [--kills N] [--frames N]')
process.exitCode = (await run()) ? 0 : 1
