/** When whom was proved equal with whom, as `kv repair status` shows it: answers to lines. */
import type { ExchangeReply, ProvedRun } from '../core/entropy/exchange-status.ts'
import type { RepairCounts } from '../core/entropy/pair-proof.ts'
import type { Round } from './ask-each.ts'
import { shownDuration } from './duration.ts'
import { shownCount } from './progress.ts'
import { alignedLines, counted } from './render.ts'

export type ExchangeRound = Round<ExchangeReply>

/** One pair, whoever of the two said it. */
type Pair = {
  readonly nodes: readonly [string, string]
  readonly partitions: number
  readonly equalAt: number
  readonly repairs: RepairCounts
  readonly running: { readonly ms: number; readonly repaired: number } | undefined
  readonly failures: number
  readonly paused: boolean
}
type Range = Omit<ProvedRun, 'peer'> & { readonly nodes: readonly [string, string] }

/** More ranges are shown under `--json` only. */
const rangesShown = 20

export function proofsLines(round: ExchangeRound, now: number): readonly string[] {
  const pairs = pairsOf(round)
  if (pairs.length === 0) return ['no pair of members shares a partition']
  const rows = pairs.map(pair => [
    pair.nodes.join(' '),
    shownCount(pair.partitions),
    shownAge(pair.equalAt, now),
    ...shownRepairs(pair.repairs),
    shownNow(pair),
  ])
  const right = [false, true, true, true, true, true, true, false]
  return [...alignedLines([head, ...rows], right), ...rangeLines(round, now)]
}

export function proofsDocument(round: ExchangeRound, now: number) {
  const pairs = pairsOf(round)
  const oldest = pairs.length === 0 ? 0 : Math.min(...pairs.map(pair => pair.equalAt))
  return {
    paused: round.answers.filter(answer => answer.paused).map(answer => answer.node),
    notReady: round.answers.filter(answer => !answer.ready).map(answer => answer.node),
    ...shownTime(oldest, now),
    pairs: pairs.map(({ nodes, partitions, equalAt, repairs, running, failures }) => ({
      nodes,
      partitions,
      ...shownTime(equalAt, now),
      repairs: repairsDocument(repairs),
      running: running === undefined ? null : { ms: running.ms, keys: running.repaired },
      failures,
    })),
    ranges: rangesOf(round).map(({ nodes, first, last, partitions, equalAt, repairs }) => ({
      nodes,
      first,
      last,
      partitions,
      ...shownTime(equalAt, now),
      repairs: repairsDocument(repairs),
    })),
    rangesLeft: round.answers.reduce((sum, answer) => sum + answer.left, 0),
    unreached: round.silent,
  }
}

/** What a person should know beside the table. */
export function proofsNotes(round: ExchangeRound): readonly string[] {
  const paused = round.answers.filter(answer => answer.paused).map(answer => answer.node)
  const notes = round.answers
    .filter(answer => !answer.ready)
    .map(answer => `${answer.node} just started: it does not compare yet`)
  if (paused.length > 0) notes.push(`paused on ${paused.join(', ')}: kv repair resume`)
  return [...notes, ...round.silent.map(node => `${node} does not answer`)]
}

/** Partitions that were last equal before the rest of their pair, or were repaired. */
function rangeLines(round: ExchangeRound, now: number): readonly string[] {
  const newest = new Map<string, number>()
  const ranges = rangesOf(round)
  for (const { nodes, equalAt } of ranges) {
    const name = nodes.join(' ')
    newest.set(name, Math.max(newest.get(name) ?? 0, equalAt))
  }
  const apart = ranges.filter(({ nodes, equalAt, repairs }) => {
    return repairs.total > 0 || equalAt < (newest.get(nodes.join(' ')) ?? 0)
  })
  if (apart.length === 0) return []
  const rows = apart
    .slice(0, rangesShown)
    .map(({ nodes, first, last, partitions, equalAt, repairs }) => [
      nodes.join(' '),
      first === last ? `p${first}` : `p${first}..p${last}`,
      shownCount(partitions),
      shownAge(equalAt, now),
      ...shownRepairs(repairs),
    ])
  const right = [false, false, true, true, true, true, true, true]
  const more = apart.length - rows.length
  const rest = more > 0 ? [`${counted(more, 'more range')}: --json shows all`] : []
  return ['', ...alignedLines([rangeHead, ...rows], right), ...rest]
}

/** The lower name first; where both of a pair tell something, together. */
function pairsOf({ answers }: ExchangeRound): readonly Pair[] {
  const pairs = new Map<string, Pair>()
  for (const { node, paused, pairs: told } of answers) {
    for (const { peer, shared, equalAt, repairs, running, failures } of told) {
      const nodes = ordered(node, peer)
      const name = nodes.join(' ')
      const other = pairs.get(name)
      const own = { nodes, partitions: shared, equalAt, repairs, running, failures, paused }
      pairs.set(name, other === undefined ? own : together(other, own))
    }
  }
  return [...pairs.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair)
}

function together(a: Pair, b: Pair): Pair {
  const newer = a.equalAt >= b.equalAt ? a : b
  return {
    ...newer,
    repairs: {
      last: newer.repairs.last,
      most: Math.max(a.repairs.most, b.repairs.most),
      times: a.repairs.times + b.repairs.times,
      total: a.repairs.total + b.repairs.total,
    },
    running: a.running ?? b.running,
    failures: Math.max(a.failures, b.failures),
  }
}

/** Of a pair's second teller only what it knows: it compares only where it is told to. */
function rangesOf({ answers }: ExchangeRound): readonly Range[] {
  return answers.flatMap(({ node, runs }) =>
    runs.flatMap(({ peer, ...run }) => {
      if (node > peer && run.equalAt === 0 && run.repairs.total === 0) return []
      return [{ nodes: ordered(node, peer), ...run }]
    }),
  )
}

function ordered(a: string, b: string): readonly [string, string] {
  return a < b ? [a, b] : [b, a]
}

function shownRepairs({ last, most, times, total }: RepairCounts): readonly string[] {
  return [last, meanOf(times, total), most, total].map(shownCount)
}

function repairsDocument({ last, most, times, total }: RepairCounts) {
  return { last, mean: meanOf(times, total), max: most, times, total }
}

/** Over the comparisons that repaired something. */
function meanOf(times: number, total: number): number {
  return times === 0 ? 0 : Math.round(total / times)
}

function shownAge(at: number, now: number): string {
  return at === 0 ? 'never' : `${shownDuration(Math.max(0, now - at))} ago`
}

function shownTime(at: number, now: number) {
  const never = at === 0
  return {
    provedEqual: never ? null : new Date(at).toISOString(),
    ageMs: never ? null : Math.max(0, now - at),
  }
}

function shownNow({ running, paused, failures }: Pair): string {
  if (running !== undefined) {
    const done = running.repaired > 0 ? `, ${counted(running.repaired, 'key')}` : ''
    return `comparing for ${shownDuration(running.ms)}${done}`
  }
  if (paused) return 'paused'
  return failures > 0 ? counted(failures, 'failure') : '–'
}

const counts = ['LAST', 'MEAN', 'MAX', 'REPAIRED']
const head = ['PAIR', 'PARTITIONS', 'PROVED EQUAL', ...counts, 'NOW']
const rangeHead = ['PAIR', 'RANGE', 'PARTITIONS', 'PROVED EQUAL', ...counts]
