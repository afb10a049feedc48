/**
 * Two of five nodes away while 500 writes a second go on (issue 5): every put is acknowledged
 * within its deadline, hints bring the owners up to date without any read, and who comes back
 * serves its clients meanwhile. Real processes; the supervisor is in this one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect } from '../../src/client/index.ts'
import { destroy } from '../../src/cluster/down.ts'
import { actOnNodes } from '../../src/cluster/node-action.ts'
import type { Action } from '../../src/cluster/node-process.ts'
import { bringUpHere } from '../../src/cluster/up.ts'
import { OutageLoad, type PhaseReport } from './outage-load.ts'
import { type Examined, examined } from './outage-verdict.ts'

export type OutageOptions = {
  readonly pair: readonly [string, string]
  /** kill: `kill -9` and a new process; pause: SIGSTOP and SIGCONT. */
  readonly how: 'kill' | 'pause'
  /** Kill a holder of hints in the middle of the handing over, and start it again. */
  readonly killHolder: boolean
  readonly writesPerSecond: number
  readonly normalMs: number
  readonly downMs: number
  readonly progress: (line: string) => void
}

export type OutageReport = Examined & {
  readonly pair: string
  readonly how: string
  readonly phases: Readonly<Record<'normal' | 'down' | 'replay', PhaseReport>>
  /** 99th percentile at the nodes that came back, during the replay over before: at most 1.5. */
  readonly p99Ratio: number
  readonly hintsAtMost: number
  readonly drainMs: number
  readonly holderKilled: string | undefined
}

const nodes = ['n1', 'n2', 'n3', 'n4', 'n5']
const timeoutMs = 30_000
/** Replay that takes longer is a failure. */
const drainMsMax = 180_000

export async function soakOutage(options: OutageOptions): Promise<OutageReport> {
  const home = await mkdtemp(join(tmpdir(), 'kv-outage-'))
  const directory = join(home, 'outage')
  try {
    const wanted = { nodes: nodes.length, basePort: 0 }
    const taken = new Map<number, string>()
    await bringUpHere({ directory, name: 'outage', wanted, timeoutMs, taken, home })
    const client = await connect({ cluster: directory })
    try {
      return await outage(client, directory, options)
    } finally {
      await client.close()
    }
  } finally {
    await destroy(directory, timeoutMs)
    await rm(home, { recursive: true, force: true })
  }
}

async function outage(
  client: Client,
  directory: string,
  options: OutageOptions,
): Promise<OutageReport> {
  const { pair, how, progress } = options
  const act = (action: Action, on: readonly string[]) =>
    actOnNodes(directory, [...on], action, timeoutMs)
  const load = new OutageLoad(client, pair, options.writesPerSecond)
  load.begin('warm', true)
  await pause(2000)
  load.begin('normal', true)
  await pause(options.normalMs)
  load.begin('down', false)
  await act(how === 'kill' ? 'kill' : 'pause', pair)
  await pause(options.downMs)
  const others = nodes.filter(node => !pair.includes(node))
  const hintsAtMost = await hintsOf(client, others)
  progress(`${pair}: away for ${options.downMs} ms, ${hintsAtMost} hints`)
  await act(how === 'kill' ? 'start' : 'resume', pair)
  load.begin('replay', true)
  const began = performance.now()
  const holderKilled = options.killHolder
    ? await killHolder(client, others, hintsAtMost, act)
    : undefined
  await drained(client)
  const drainMs = Math.round(performance.now() - began)
  progress(`${pair}: handed over in ${drainMs} ms`)
  const writes = await load.end()
  const phases = load.reports()
  return {
    pair: pair.join('+'),
    how,
    phases,
    p99Ratio: Math.round((phases.replay.viaPairP99Ms / phases.normal.viaPairP99Ms) * 100) / 100,
    hintsAtMost,
    drainMs,
    holderKilled,
    ...(await examined(client, writes)),
  }
}

/** Kills the holder of most hints once a part of them is handed over; it starts again at once. */
async function killHolder(
  client: Client,
  holders: readonly string[],
  hintsAtMost: number,
  act: (action: Action, on: readonly string[]) => Promise<unknown>,
): Promise<string | undefined> {
  for (;;) {
    const left = await Promise.all(holders.map(node => hintsOf(client, [node])))
    const total = left.reduce((sum, count) => sum + count, 0)
    if (total === 0) return undefined
    if (total < hintsAtMost * 0.9) {
      const holder = holders[left.indexOf(Math.max(...left))] as string
      await act('kill', [holder])
      await act('start', [holder])
      return holder
    }
    await pause(20)
  }
}

async function drained(client: Client): Promise<void> {
  const until = performance.now() + drainMsMax
  while ((await hintsOf(client, nodes)) > 0) {
    if (performance.now() > until) return
    await pause(100)
  }
}

/** Hints that these nodes hold together; a node that does not answer may hold any. */
async function hintsOf(client: Client, holders: readonly string[]): Promise<number> {
  let count = 0
  for (const node of holders) {
    try {
      const { owners } = await client.hints(node, {}, { timeoutMs: 1000 })
      for (const { hints } of owners) count += hints
    } catch {
      count += 1
    }
  }
  return count
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
