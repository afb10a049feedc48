/** Counts what nodes hold, a page at a time, and puts beside it what they count of themselves. */
import type { Client } from '../client/index.ts'
import type { Counted } from '../core/count.ts'
import type { NodeId } from '../core/ids.ts'
import { askEach } from './ask-each.ts'

export type NodeStats = {
  readonly node: string
  readonly counted: Omit<Counted, 'next'>
  /** Of the process, by name. */
  readonly counters: ReadonlyMap<string, number>
}

export type StatsOptions = {
  /** For each answer. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Rows counted so far, and how many there are, roughly. */
  readonly onCounted: (rows: number, all: number) => void
}

/** A node after the other, so that no more than one of them counts at a time. */
export async function statsOf(
  client: Client,
  members: readonly NodeId[],
  options: StatsOptions,
): Promise<{ readonly stats: readonly NodeStats[]; readonly silent: readonly string[] }> {
  const { timeoutMs, signal, onCounted } = options
  const round = await askEach(members, node => client.status(node, { timeoutMs, signal }))
  const all = round.answers.reduce((sum, { keys }) => sum + keys, 0)
  const stats: NodeStats[] = []
  const silent = [...round.silent]
  let rows = 0
  for (const { node, counters } of round.answers) {
    const onPage = (page: Counted) => {
      rows += page.keys + page.tombstones + page.damaged
      onCounted(rows, all)
    }
    const { answers } = await askEach([node], one => countAll(client, one, options, onPage))
    const [counted] = answers
    if (counted === undefined) silent.push(node)
    else stats.push({ node, counted, counters: new Map(counters) })
  }
  return { stats, silent }
}

async function countAll(
  client: Client,
  node: NodeId,
  { timeoutMs, signal }: StatsOptions,
  onPage: (page: Counted) => void,
): Promise<Omit<Counted, 'next'>> {
  let sum = nothing
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page: Counted = await client.count(node, after, { timeoutMs, signal })
    sum = plus(sum, page)
    onPage(page)
    after = page.next
  }
  return sum
}

export function plus(a: Omit<Counted, 'next'>, b: Omit<Counted, 'next'>): Omit<Counted, 'next'> {
  return {
    keys: a.keys + b.keys,
    bytes: a.bytes + b.bytes,
    tombstones: a.tombstones + b.tombstones,
    tombstoneBytes: a.tombstoneBytes + b.tombstoneBytes,
    siblings: a.siblings + b.siblings,
    damaged: a.damaged + b.damaged,
  }
}

export const nothing: Omit<Counted, 'next'> = {
  keys: 0,
  bytes: 0,
  tombstones: 0,
  tombstoneBytes: 0,
  siblings: 0,
  damaged: 0,
}
