/** Has every holder hand over what it keeps for one node, and waits until none is left. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../client/index.ts'
import type { NodeId } from '../core/ids.ts'
import { answerMs, askEach, isSilence } from './ask-each.ts'
import { CliError } from './cli-error.ts'
import { shownDuration } from './duration.ts'
import { hintsFor } from './hints-view.ts'
import { counted } from './render.ts'

export type DrainOptions = {
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** How many there were, how many are left. */
  readonly onRound: (before: number, left: number) => void
}

export type Drained = {
  readonly node: string
  /** How many there were when it began. */
  readonly hints: number
  readonly ms: number
  /** Holders that never answered. */
  readonly silent: readonly string[]
}

const roundMs = 200

/**
 * Throws UNREACHABLE where the node is not up or no holder answers, TIMEOUT where hints are left.
 * A holder that falls silent still keeps what it kept; of one that never answered nothing is known.
 */
export async function drain(
  client: Client,
  node: NodeId,
  members: readonly NodeId[],
  options: DrainOptions,
): Promise<Drained> {
  const { timeoutMs, signal, onRound } = options
  const limitMs = Math.min(timeoutMs, answerMs)
  const begun = performance.now()
  await requireUp(client, node, limitMs)
  const holders = members.filter(member => member !== node)
  const kept = new Map<string, number>()
  let before: number | undefined
  for (;;) {
    const { answers } = await askEach(holders, holder => {
      return client.hints(holder, { drain: node }, { timeoutMs: limitMs, signal })
    })
    for (const answer of answers) kept.set(answer.node, hintsFor(answer, node))
    if (kept.size === 0 && holders.length > 0) {
      throw new CliError(
        'UNREACHABLE',
        `no other node answers: what is kept for ${node} is unknown`,
      )
    }
    const left = [...kept.values()].reduce((total, count) => total + count, 0)
    before ??= left
    onRound(before, left)
    const ms = Math.round(performance.now() - begun)
    const silent = holders.filter(holder => !kept.has(holder))
    if (left === 0) return { node, hints: before, ms, silent }
    if (ms >= timeoutMs) throw notDone(node, left, timeoutMs)
    await pause(roundMs, undefined, { signal })
  }
}

async function requireUp(client: Client, node: NodeId, timeoutMs: number): Promise<void> {
  try {
    await client.status(node, { timeoutMs })
  } catch (problem) {
    if (!isSilence(problem)) throw problem
    throw new CliError('UNREACHABLE', `${node} is not up: what is kept for it waits until it is`, [
      `kv node start ${node}`,
      'kv cluster status',
    ])
  }
}

function notDone(node: string, left: number, timeoutMs: number): CliError {
  const after = `after ${shownDuration(timeoutMs)}`
  return new CliError('TIMEOUT', `${counted(left, 'hint')} for ${node} are left ${after}`, [
    'kv hints',
    'kv cluster status',
  ])
}
