/**
 * Quorum puts at 512 in flight through two clusters of three real nodes, one without trees, in
 * alternating slices: what a tree takes of the throughput.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare, type Progress, warmUp } from '../comparison.ts'
import { KeySet } from '../key-set.ts'
import { startProduct } from '../product.ts'
import { type Line, linesOf } from '../report.ts'

/** The first line is that without trees. */
export async function measurePutRate(
  directory: string,
  progress: Progress,
): Promise<readonly Line[]> {
  const plan = { keys, inFlight: [512], rounds: 12, sliceMs: 1000 }
  const contenders = []
  try {
    for (const [name, flags] of [
      ['without', ['--import', noTree]],
      ['with', []],
    ] as const) {
      mkdirSync(join(directory, name))
      const product = await startProduct(join(directory, name), new KeySet(keys, name), flags)
      contenders.push({ ...product, name })
    }
    await warmUp(contenders, plan, progress)
    const cells = await compare(contenders, plan, progress, ['put'])
    const faulty = contenders.filter(({ faults }) => faults.errors + faults.siblings > 0)
    if (faulty.length > 0) throw new Error('an answer was wrong, so no figure counts')
    return linesOf(cells)
  } finally {
    for (const { close } of contenders) await close()
  }
}

const keys = 40_000
const noTree = fileURLToPath(new URL('./no-tree.js', import.meta.url))
