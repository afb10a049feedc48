/**
 * How long a node with a store of so many keys takes until it answers: after a clean stop, and
 * after `kill -9` with every block of its tree marked; and whether its tree is exact then.
 */
import type { Key } from '../../src/core/ids.ts'
import { checkStore } from '../../src/node/store-check.ts'
import { entryOf, valueBytes } from './data-set.ts'
import { type Name, names, type Pair } from './pair.ts'
import { judged } from './stopped-store.ts'

export type Opening = {
  /** From the process to its answer: after a clean stop, several times; after kill -9. */
  readonly cleanMs: readonly number[]
  readonly killedMs: number
  /** Of the latter: a child reads the whole file first. */
  readonly checkMs: number
  /** From the answer until every marked block is counted again, which is all of them; CPU. */
  readonly countMs: number
  readonly countCpuMs: number
  readonly counted: number
  /** Blocks of the stored tree that are not what their objects add up to. */
  readonly wrongBlocks: number
}

/** Both nodes are stopped before and after. */
export async function measureOpening(pair: Pair, keys: number): Promise<Opening> {
  const cleanMs: number[] = []
  for (let i = 0; i < cleanStarts; i++) {
    cleanMs.push(await pair.start(node))
    await pair.cluster.kill(node, 'SIGTERM')
  }
  await pair.startBoth()
  await putSome(pair, keys)
  await pair.cluster.kill(node, 'SIGKILL')
  const check = performance.now()
  await checkStore(pair.place(node).options.directory)
  const checkMs = performance.now() - check
  const killedMs = await pair.start(node)
  const { countMs, countCpuMs } = await untilReady(pair)
  await pair.stopBoth()
  const { objects, wrong } = await judged(pair.place(node))
  return {
    cleanMs,
    killedMs,
    checkMs,
    countMs,
    countCpuMs,
    counted: objects,
    wrongBlocks: wrong.length,
  }
}

/** Enough that each block gets some, and too few for a checkpoint. */
async function putSome(pair: Pair, keys: number): Promise<void> {
  const client = await pair.cluster.client(node)
  const value = 'p'.repeat(valueBytes)
  let next = 0
  const lane = async () => {
    for (let i = next++; i < puts; i = next++) {
      const { key } = entryOf(Math.floor((i * keys) / puts))
      const reply = await client.put(key as Key, value)
      if (reply.type !== 'wrote') throw new Error(`a put failed: ${JSON.stringify(reply)}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  await client.close()
}

async function untilReady(pair: Pair) {
  const began = performance.now()
  const client = await pair.cluster.client(node)
  const cpu = async () =>
    (await client.counter('cpuUserUs')) + (await client.counter('cpuSystemUs'))
  const before = await cpu()
  while ((await client.counter('treeReady')) !== 1) {
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  const countMs = performance.now() - began
  const countCpuMs = ((await cpu()) - before) / 1000
  await client.close()
  return { countMs, countCpuMs }
}

const node: Name = names[0]
const cleanStarts = 5
const puts = 20_000
const inFlight = 256
