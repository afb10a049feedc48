/**
 * `kill -9` of a process that writes objects with their tree, at random instants, and started
 * again on what is there: after each kill the stored tree, with the blocks that its markers name
 * counted again, is held against the objects.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { judgeKilled } from '../helpers/stored-tree.ts'

export type KillTreeReport = {
  readonly kills: number
  readonly commits: number
  /** At the last kill. */
  readonly objects: number
  readonly blocks: number
  /** Blocks that markers named, over all kills. */
  readonly marked: number
  /** Blocks that were not what their objects add up to. */
  readonly wrong: readonly string[]
}

export async function soakKillTree(
  directory: string,
  kills: number,
  progress: (line: string) => void,
): Promise<KillTreeReport> {
  let [commits, marked, objects, blocks] = [0, 0, 0, 0]
  const wrong: string[] = []
  for (let kill = 1; kill <= kills; kill++) {
    // More and more keys, so that partitions get other leaves, too.
    const keys = keysFirst * 2 ** ((keyDoublings * kill) / kills)
    commits += await killedWriter(directory, Math.floor(keys))
    const verdict = await judgeKilled(directory)
    marked += verdict.marked
    wrong.push(...verdict.wrong.map(block => `kill ${kill}: ${block}`))
    objects = verdict.objects
    blocks = verdict.blocks
    if (kill % 50 === 0) progress(`${kill} kills, ${objects} objects, ${wrong.length} blocks wrong`)
  }
  return { kills, commits, objects, blocks, marked, wrong }
}

/** Commits that it was heard of. */
function killedWriter(directory: string, keys: number): Promise<number> {
  const fixture = fileURLToPath(new URL('../fixtures/tree-writer.js', import.meta.url))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fixture, directory, String(keys)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let lines = 0
    child.stdout.on('data', (chunk: Buffer) => {
      if (lines === 0) setTimeout(() => child.kill('SIGKILL'), randomInt(aliveMsMax))
      lines += chunk.toString().split('\n').length - 1
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(lines)
      else reject(new Error(`the writer ended by itself: ${code} ${signal}`))
    })
  })
}

const aliveMsMax = 300
const keysFirst = 200
const keyDoublings = 7
