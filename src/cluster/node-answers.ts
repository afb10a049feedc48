/** What the nodes of a local cluster say of themselves, asked of each of them directly. */
import type { Client } from '../client/client.ts'
import { connect } from '../client/connect.ts'
import type { ClusterFile } from '../core/config.ts'
import type { MemberStatus } from '../core/membership/beliefs.ts'
import { pathsOf } from './cluster-file.ts'

export type NodeAnswer = {
  readonly epoch: string
  readonly upMs: number
  readonly keys: number
  /** What it keeps for other nodes. */
  readonly hints: number
  /** The disk is past its watermark: writes are refused. */
  readonly full: boolean
  /** Nothing that its store acknowledged can be missing from it (design §4). */
  readonly whole: boolean
  /** Members that partitions of it wait for, to be whole. */
  readonly waitsFor: readonly string[]
  readonly connected: readonly string[]
  /** Its wall clock less the middle one of its peers'; undefined: it knows none. */
  readonly clockAheadMs: number | undefined
  /** Of its process, by name. */
  readonly counters: ReadonlyMap<string, number>
  /** What it believes of each member. */
  readonly beliefs: ReadonlyMap<string, MemberStatus>
}

/** A node that does not answer in this time is shown without an answer. */
export const answerMs = 1000

/** Answers by node; who does not answer in time is not among them. Throws DENIED. */
export async function askNodes(
  directory: string,
  file: ClusterFile,
  names: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, NodeAnswer>> {
  const answers = new Map<string, NodeAnswer>()
  if (names.length === 0) return answers
  const seeds = names.map(name => addressOf(file, name))
  const credential = pathsOf(directory).secretFile
  const client = await connect({ seeds, credential, timeoutMs, operator: true }).catch(
    ignoreSilence,
  )
  if (client === undefined) return answers
  try {
    await Promise.all(
      names.map(async name => {
        const answer = await ask(client, name, timeoutMs).catch(ignoreSilence)
        if (answer !== undefined) answers.set(name, answer)
      }),
    )
    return answers
  } finally {
    await client.close()
  }
}

async function ask(client: Client, name: string, timeoutMs: number): Promise<NodeAnswer> {
  const [status, gossip] = await Promise.all([
    client.status(name, { timeoutMs }),
    client.gossip(name, { timeoutMs }),
  ])
  const { upMs, keys, full, connected, counters } = status
  const counted = new Map(counters)
  const whole = counted.get('whole') === 1
  const hints = counted.get('hints') ?? 0
  const waitsFor = whole ? [] : (await client.wholeness(name, {}, { timeoutMs })).waitsFor
  const beliefs = new Map(gossip.beliefs.map(belief => [String(belief.node), belief.status]))
  const { epoch, clockAheadMs } = gossip
  const told = { epoch, upMs, keys, hints, full, whole, waitsFor, connected, clockAheadMs }
  return { ...told, counters: counted, beliefs }
}

/** Not to answer is a state; anything else that goes wrong is an error. */
function ignoreSilence(problem: unknown): undefined {
  const code: unknown = Reflect.get(Object(problem), 'code')
  if (code === 'UNREACHABLE' || code === 'TIMEOUT' || code === 'BUSY') return undefined
  throw problem
}

/** host:port, as people type it. */
export function addressOf(file: ClusterFile, name: string): string {
  const entry = file.nodes.find(node => node.name === name)
  if (entry === undefined) return ''
  return entry.host === '::1' ? `[::1]:${entry.port}` : `${entry.host}:${entry.port}`
}
