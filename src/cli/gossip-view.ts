/** Who believes what of whom, as `kv gossip` shows it: pure functions from answers to lines. */
import { hexOf } from '../core/binary.ts'
import type { Belief, MemberStatus } from '../core/membership/beliefs.ts'
import type { GossipReply } from '../core/message.ts'
import { clockText, isWrongClock } from './clock-view.ts'
import { shownDuration } from './duration.ts'
import { alignedLines } from './render.ts'

/** What the members were asked, and who answered. */
export type GossipRound = {
  readonly members: readonly string[]
  readonly answers: readonly GossipReply[]
}

/** The nodes that answer agree that all of them are alive, and on one epoch. */
export function isAgreed({ answers }: GossipRound): boolean {
  const live = new Set<string>(answers.map(answer => answer.node))
  const epochs = new Set(answers.map(answer => answer.epoch))
  const seesAll = ({ beliefs }: GossipReply) => {
    const alive = beliefs.filter(({ node, status }) => live.has(node) && status === 'alive')
    return alive.length === live.size
  }
  return epochs.size <= 1 && answers.every(answer => answer.member && seesAll(answer))
}

export function gossipDocument(round: GossipRound) {
  const { answers } = round
  const by = <Value>(part: (answer: GossipReply) => Value) =>
    Object.fromEntries(answers.map(answer => [answer.node, part(answer)]))
  return {
    agreed: isAgreed(round),
    epochs: by(answer => hexOf(answer.epoch)),
    views: by(({ beliefs }) =>
      Object.fromEntries(beliefs.map(one => [one.node, shownBelief(one)])),
    ),
    lastRoundMs: by(answer => answer.lastExchangeMs ?? null),
    rounds: by(answer => answer.rounds),
    refused: by(answer => answer.refused),
    silent: silentIn(round),
    clocksWrong: Object.fromEntries(wrongClocks(answers)),
  }
}

/** The matrix: a row for each node that answers; without `unicode` in ASCII only. */
export function gossipLines(round: GossipRound, unicode: boolean): readonly string[] {
  const { members, answers } = round
  const symbols = unicode ? pictures : letters
  const usual = new Map(members.map(member => [member, mostOf(answers, member)]))
  const rows = answers.map(answer => {
    const beliefs = new Map(answer.beliefs.map(belief => [String(belief.node), belief]))
    const cells = members.map(member => cellOf(beliefs.get(member), symbols))
    const differs = members.some(member => beliefs.get(member)?.status !== usual.get(member))
    return [answer.node, ...cells, differs ? symbols.differs : '']
  })
  const legend = statuses.map(status => `${symbols[status]} ${status}`).join('  ')
  const silent = silentIn(round).map(node => `${node} does not answer`)
  return [
    ...alignedLines([[symbols.sees, ...members, ''], ...rows]),
    `${legend}  (number = phi)   ${epochText(answers)}   ${roundText(answers)}`,
    ...silent,
    ...wrongClocks(answers).map(([node, ms]) => `${node}: ${clockText(ms)}`),
  ]
}

const statuses = ['alive', 'suspect', 'down', 'left'] as const satisfies readonly MemberStatus[]

type Symbols = Readonly<Record<MemberStatus | 'sees' | 'differs', string>>

const pictures: Symbols = {
  alive: '●',
  suspect: '◐',
  down: '✕',
  left: '○',
  sees: 'sees→',
  differs: '← disagrees',
}
const letters: Symbols = {
  alive: '+',
  suspect: '?',
  down: 'x',
  left: '-',
  sees: 'sees>',
  differs: '<- disagrees',
}

function shownBelief({ status, phi, heardMs, heartbeat, incarnation, accusers }: Belief) {
  return { state: status, phi: phi ?? null, heartbeat, incarnation, heardMs, accusers }
}

/** φ where it says something: of whom is not alive, by whom watches. */
function cellOf(belief: Belief | undefined, symbols: Symbols): string {
  if (belief === undefined) return ''
  const { status, phi } = belief
  const isDoubted = status === 'suspect' || status === 'down'
  return isDoubted && phi !== undefined ? `${symbols[status]} ${phi.toFixed(1)}` : symbols[status]
}

function mostOf(answers: readonly GossipReply[], member: string): MemberStatus | undefined {
  const found = answers.flatMap(({ beliefs }) => {
    return beliefs.filter(({ node }) => node === member).map(({ status }) => status)
  })
  const count = (status: MemberStatus) => found.filter(one => one === status).length
  return [...statuses].sort((a, b) => count(b) - count(a)).find(status => count(status) > 0)
}

function silentIn({ members, answers }: GossipRound): readonly string[] {
  return members.filter(member => !answers.some(answer => answer.node === member))
}

function epochText(answers: readonly GossipReply[]): string {
  const nodes = new Map<string, string[]>()
  for (const { epoch, node } of answers) {
    nodes.set(epoch, [...(nodes.get(epoch) ?? []), node])
  }
  const shown = [...nodes].map(([epoch, names]) => {
    return `${hexOf(epoch).slice(0, 8)} on ${nodes.size === 1 ? 'all' : names.join(' ')}`
  })
  return `epoch ${shown.join(', ')}`
}

/** By node, how far ahead a clock is that is more than a minute off those of its peers. */
function wrongClocks(answers: readonly GossipReply[]): readonly (readonly [string, number])[] {
  return answers.flatMap(({ node, clockAheadMs }) =>
    isWrongClock(clockAheadMs) ? [[node, clockAheadMs] as const] : [],
  )
}

/** Of the node whose last exchange is longest ago. */
function roundText(answers: readonly GossipReply[]): string {
  const never = answers.filter(({ lastExchangeMs }) => lastExchangeMs === undefined)
  if (never.length > 0) return `no round yet on ${never.map(({ node }) => node).join(' ')}`
  const longest = Math.max(0, ...answers.map(({ lastExchangeMs }) => lastExchangeMs ?? 0))
  return `last round ${shownDuration(longest)} ago`
}
