/** Who keeps what for whom, as `kv hints` shows it: pure functions from answers to lines. */
import type { HintsReply } from '../core/handoff/hints-message.ts'
import type { Round } from './ask-each.ts'
import { shownDuration } from './duration.ts'
import { shownCount } from './progress.ts'
import { alignedLines, counted } from './render.ts'
import { shownSize } from './size.ts'

export type HintsRound = Round<HintsReply>

/** From this age on somebody should look: an owner that is away so long may not come back. */
const alarmMs = 3_600_000

export function hintsLines(round: HintsRound, now: number): readonly string[] {
  const rows = rowsOf(round)
  const held = sum(rows.map(row => row.hints))
  const handed = sum(rows.map(row => row.handed))
  if (held === 0)
    return [handed === 0 ? 'no hints' : `no hints (${shownCount(handed)} handed over)`]
  const shown = rows.map(({ holder, owner, hints, bytes, since, handed }) => [
    holder,
    owner,
    shownCount(hints),
    shownSize(bytes),
    hints === 0 ? '–' : shownDuration(ageOf(since, now)),
    shownCount(handed),
  ])
  const quotas = nodesOf(round).filter(node => node.hints > 0)
  return [
    ...alignedLines([head, ...shown], [false, false, true, true, true, true]),
    ...quotas.map(({ node, bytes, bytesMax }) => {
      return `${node} holds ${shownSize(bytes)} of at most ${shownSize(bytesMax)}`
    }),
  ]
}

export function hintsDocument(round: HintsRound, now: number) {
  const rows = rowsOf(round)
  return {
    held: sum(rows.map(row => row.hints)),
    hints: rows.map(({ holder, owner, hints, bytes, since, handed }) => ({
      holder,
      for: owner,
      hints,
      bytes,
      oldest: hints === 0 ? null : new Date(since).toISOString(),
      ageMs: hints === 0 ? null : ageOf(since, now),
      handedOver: handed,
    })),
    nodes: nodesOf(round),
    unreached: round.silent,
  }
}

/** One line for each owner that has been away too long. */
export function hintAlarms(round: HintsRound, now: number): readonly string[] {
  const old = rowsOf(round).filter(row => row.hints > 0 && ageOf(row.since, now) > alarmMs)
  return old.map(({ holder, owner, hints, since }) => {
    const age = shownDuration(ageOf(since, now))
    return `${holder} keeps ${counted(hints, 'hint')} for ${owner}, the oldest for ${age}`
  })
}

/** What the nodes that answered keep for this one. */
export function hintsFor(answer: HintsReply, owner: string): number {
  return sum(answer.owners.filter(one => one.owner === owner).map(one => one.hints))
}

function rowsOf({ answers }: HintsRound) {
  return answers.flatMap(({ node, owners }) => {
    const some = owners.filter(({ hints, handed }) => hints > 0 || handed > 0)
    return some.map(one => ({ holder: node, ...one }))
  })
}

function nodesOf({ answers }: HintsRound) {
  return answers.map(({ node, owners, bytesMax }) => ({
    node,
    hints: sum(owners.map(one => one.hints)),
    bytes: sum(owners.map(one => one.bytes)),
    bytesMax,
  }))
}

function ageOf(since: number, now: number): number {
  return Math.max(0, now - since)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

const head = ['HOLDER', 'FOR', 'HINTS', 'BYTES', 'OLDEST', 'HANDED OVER']
