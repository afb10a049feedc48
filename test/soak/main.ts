/**
 * `npm run soak:kill9`, `soak:kill`, `soak:frames`, `soak:outage` and `soak:greedy`: the long runs against the built product.
 * `npm test` runs the same code with small counts. Exit 1 where something was lost or broken.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isFlat, soakFrames } from './frames.ts'
import { soakGreedy } from './greedy.ts'
import { soakKillTree } from './kill-tree.ts'
import { soakKill9 } from './kill9.ts'
import { soakOutage } from './outage.ts'

process.umask(0o077)
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string' },
    frames: { type: 'string', default: '1000000' },
    pairs: { type: 'string', default: '10' },
    down: { type: 'string', default: '30' },
  },
})

function progress(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}

async function kill9(): Promise<boolean> {
  const kills = Number(flags.kills ?? 100)
  const report = await soakKill9({ kills, clients: 4, inFlight: 8, keys: 400, progress })
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  const { lost, cameBack, impossible, wrongBlocks } = report
  return lost.length + cameBack.length + impossible.length + wrongBlocks.length === 0
}

async function kill(): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'kv-soak-'))
  try {
    const report = await soakKillTree(directory, Number(flags.kills ?? 1000), progress)
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return report.wrong.length === 0
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
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

/** Others go on at a third of their pace at least, and memory stays bounded. */
async function greedy(): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), 'kv-soak-'))
  try {
    const load = { stuck: 5, gets: 40, halves: 300, readers: 30, readerGets: 500, seconds: 20 }
    const report = await soakGreedy({ ...load, directory, progress })
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
    const { quietP99Ms, p99Ms, membersRefused, stuckRssAnonMiB, readersRssAnonMiB, ended } = report
    const { value = 0, BUSY = 0 } = ended
    const isBounded = stuckRssAnonMiB <= 1024 && readersRssAnonMiB < 512
    const all = value + BUSY === load.readers * load.readerGets
    return isBounded && all && membersRefused === 0 && p99Ms <= 3 * quietP99Ms
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** All pairs killed, every third one paused instead, every fourth with a holder killed as well. */
async function outage(): Promise<boolean> {
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5']
  const all = nodes.flatMap((a, i) => nodes.slice(i + 1).map(b => [a, b] as const))
  let sound = true
  for (const [i, pair] of all.slice(0, Number(flags.pairs)).entries()) {
    const report = await soakOutage({
      pair,
      how: i % 3 === 2 ? 'pause' : 'kill',
      killHolder: i % 4 === 1,
      writesPerSecond: 500,
      normalMs: 10_000,
      downMs: Number(flags.down) * 1000,
      progress,
    })
    process.stdout.write(`${JSON.stringify(report)}\n`)
    const { missing, notAtAllOwners, inexact, unacknowledged } = report
    sound &&= missing.length + notAtAllOwners.length + inexact.length + unacknowledged === 0
  }
  return sound
}

const runs: Readonly<Record<string, () => Promise<boolean>>> = {
  kill9,
  kill,
  frames,
  outage,
  greedy,
}
const run = runs[positionals[0] ?? '']
if (run === undefined)
  throw new Error(
    'usage: main.js kill9|kill|frames|outage|greedy [--kills N] [--frames N] [--pairs N] [--down SECONDS]',
  )
process.exitCode = (await run()) ? 0 : 1
