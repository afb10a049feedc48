/**
 * One repair over the nodes: has each begin its part, and follows it to its end. It runs in the
 * nodes: who stops following only stops following.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../client/index.ts'
import type { Move, RepairPlan, RepairProgress } from '../core/entropy/repair-message.ts'
import type { NodeId } from '../core/ids.ts'
import type { InspectReply } from '../core/message.ts'
import { answerMs, askEach, isSilence } from './ask-each.ts'
import { CliError } from './cli-error.ts'
import { exitOf } from './exit-codes.ts'
import { type RepairSum, sumOf } from './repair-view.ts'
import { uncomparedWith, unequalPartitions } from './unproved-view.ts'

export type Started = { readonly job: string; readonly nodes: readonly NodeId[] }

export type FollowOptions = {
  readonly signal: AbortSignal
  readonly onProgress: (sum: RepairSum) => void
}

/** The scrub that goes before a repair of the same part; what is only looked at, it only reads. */
export function scrubOf(plan: Omit<RepairPlan, 'silent'>): Omit<RepairPlan, 'silent'> {
  return { ...plan, way: plan.way === 'repair' ? 'scrub' : 'verify' }
}

/** What a repair came to, and nodes that fell silent or were started anew before their end. */
export type Followed = { readonly sum: RepairSum; readonly lost: readonly string[] }

/** Throws UNREACHABLE where nobody answers, or not the node that is meant; BUSY where one runs. */
export async function begin(
  client: Client,
  members: readonly NodeId[],
  plan: Omit<RepairPlan, 'silent'>,
): Promise<Started> {
  const show = { job: '' }
  const ask = (node: NodeId) => client.repair(node, show, { timeoutMs: answerMs })
  const { answers, silent } = await askEach(members, ask)
  for (const { node, progress } of answers) {
    if (progress?.running === true) throw busy(node, progress.job)
  }
  const up = answers.map(({ node }) => node)
  const nodes = plan.node === undefined ? up : up.filter(node => node === plan.node)
  if (nodes.length === 0) {
    const who = plan.node === undefined ? 'no node answers' : `${plan.node} does not answer`
    throw new CliError('UNREACHABLE', who, ['kv cluster status'])
  }
  const job = `r-${randomBytes(3).toString('hex')}`
  const wanted = { job, begin: { ...plan, silent: silent as NodeId[] } }
  for (const node of nodes) {
    const { progress } = await client.repair(node, wanted)
    if (progress !== undefined && progress.job !== job) throw busy(node, progress.job)
  }
  return { job, nodes }
}

/** Follows a repair until no node runs it any more. Throws what aborted the signal. */
export async function follow(
  client: Client,
  { job, nodes }: Started,
  { signal, onProgress }: FollowOptions,
): Promise<Followed> {
  const known = new Map<NodeId, RepairProgress>()
  const heardAt = new Map<NodeId, number>(nodes.map(node => [node, performance.now()]))
  const lost = new Set<NodeId>()
  for (;;) {
    const now = performance.now()
    for (const node of nodes) {
      if (lost.has(node) || known.get(node)?.running === false) continue
      const progress = await progressOf(client, node, job)
      if (progress === 'forgotten') lost.add(node)
      else if (progress !== undefined) {
        known.set(node, progress)
        heardAt.set(node, now)
      } else if (now - (heardAt.get(node) ?? 0) > silentMsMax) lost.add(node)
    }
    const sum = sumOf([...known.values()])
    if (sum !== undefined) onProgress(sum)
    const runs = nodes.some(node => !lost.has(node) && known.get(node)?.running !== false)
    if (!runs) {
      if (sum === undefined) throw new CliError('UNREACHABLE', `no node answers for ${job}`)
      return { sum: { ...sum, running: false, etaMs: undefined }, lost: [...lost] }
    }
    await pause(roundMs, undefined, { signal })
  }
}

/** The repair that runs, or ran last; with a name, that one. Throws NOT_FOUND, UNREACHABLE. */
export async function find(
  client: Client,
  members: readonly NodeId[],
  name: string,
): Promise<Started & { readonly sum: RepairSum }> {
  const show = { job: name }
  const ask = (node: NodeId) => client.repair(node, show, { timeoutMs: answerMs })
  const { answers } = await askEach(members, ask)
  if (answers.length === 0) {
    throw new CliError('UNREACHABLE', 'no node answers', ['kv cluster status'])
  }
  const all = answers.flatMap(({ node, progress }) => (progress ? [{ node, progress }] : []))
  const job = (all.find(({ progress }) => progress.running) ?? all[0])?.progress.job
  const mine = all.filter(({ progress }) => progress.job === job)
  const sum = sumOf(mine.map(({ progress }) => progress))
  if (job === undefined || sum === undefined) {
    const what = name === '' ? 'no repair was begun' : `no node knows of a repair ${name}`
    throw new CliError('NOT_FOUND', what, ['kv repair status'])
  }
  return { job, nodes: mine.map(({ node }) => node), sum }
}

/** Ends a repair on all nodes that know of it. */
export async function cancel(client: Client, { job, nodes }: Started): Promise<RepairSum> {
  const ask = (node: NodeId) => client.repair(node, { job, cancel: true }, { timeoutMs: answerMs })
  const { answers } = await askEach(nodes, ask)
  const sum = sumOf(answers.flatMap(({ progress }) => progress ?? []))
  if (sum === undefined) throw new CliError('UNREACHABLE', `no node answers for ${job}`)
  return sum
}

/** The moves of a preview, each with what the owners hold of its key. */
export async function* movesOf(
  client: Client,
  { job, nodes }: Started,
): AsyncGenerator<{ readonly move: Move; readonly held: InspectReply | undefined }> {
  for (const node of nodes) {
    for (let from = 0; ; ) {
      const { progress } = await client.repair(node, { job, movesFrom: from })
      if (progress === undefined || progress.moves.length === 0) break
      for (let at = 0; at < progress.moves.length; at += inspectedAtOnce) {
        const some = progress.moves.slice(at, at + inspectedAtOnce)
        const held = await Promise.all(some.map(({ key }) => inspect(client, key)))
        for (const [i, move] of some.entries()) yield { move, held: held[i] }
      }
      from += progress.moves.length
    }
  }
}

async function inspect(client: Client, key: string): Promise<InspectReply | undefined> {
  return client.inspect(Buffer.from(key, 'latin1')).catch((problem: unknown) => {
    if (!isSilence(problem)) throw problem
    return undefined
  })
}

/** undefined: no answer. forgotten: it was started anew since, and does not go on. */
async function progressOf(
  client: Client,
  node: NodeId,
  job: string,
): Promise<RepairProgress | 'forgotten' | undefined> {
  const show = { job }
  const round = await askEach([node], one => client.repair(one, show, { timeoutMs: answerMs }))
  const [answer] = round.answers
  return answer === undefined ? undefined : (answer.progress ?? 'forgotten')
}

function busy(node: string, job: string): CliError {
  return new CliError('BUSY', `${node} is busy with repair ${job}`, [
    `kv repair status ${job}`,
    'kv repair --watch',
  ])
}

const roundMs = 200
/** A node that says nothing for so long is given up. */
const silentMsMax = 15_000
const inspectedAtOnce = 16

/** How `kv` ends: 9 where something differs or is damaged, 4 where somebody was not reached. */
export function exitAfter({ sum, lost }: Followed): number {
  const faults = sum.way === 'check' ? sum.keys : sum.way === 'verify' ? faultsIn(sum) : 0
  if (unequalPartitions(sum) > 0 || faults > 0) return exitOf('CHECK_FAILED')
  if (lost.length === 0 && sum.done < sum.partitions) return exitOf('ABORTED')
  return lost.length > 0 || uncomparedWith(sum).size > 0 ? exitOf('UNREACHABLE') : 0
}

function faultsIn({ damaged, drifted }: RepairSum): number {
  return damaged + drifted
}
