/** How far a repair is and what it did, for people and as records: the nodes' answers together. */
import { bytesOf } from '../core/binary.ts'
import type { TooLarge } from '../core/carrier.ts'
import type { Move, RepairProgress } from '../core/entropy/repair-message.ts'
import type { NodeId } from '../core/ids.ts'
import type { InspectReply } from '../core/message.ts'
import { shownDuration } from './duration.ts'
import { encodedKey } from './encoding.ts'
import { exactDot } from './outcome-shape.ts'
import { shownCount } from './progress.ts'
import { counted } from './render.ts'
import { heldText } from './ring-view.ts'
import { shownSize } from './size.ts'
import {
  uncomparedTexts,
  uncomparedWith,
  unequalPartitions,
  unequalTexts,
} from './unproved-view.ts'
import { textOf } from './visible.ts'

/** One repair over all nodes that take part. */
export type RepairSum = Omit<RepairProgress, 'perNode' | 'moves' | 'movesTotal'> & {
  readonly perNode: ReadonlyMap<string, number>
  /** Until it ends, going on like this; undefined: nobody knows yet. */
  readonly etaMs: number | undefined
}

/** Fields of a node's progress that are added up. */
type Counts = Exclude<
  keyof RepairProgress,
  'job' | 'way' | 'running' | 'ms' | 'perNode' | 'unproved' | 'moves' | 'tooLarge'
>

export function sumOf(all: readonly RepairProgress[]): RepairSum | undefined {
  const [first] = all
  if (first === undefined) return undefined
  const total = (field: Counts) => all.reduce((sum, one) => sum + one[field], 0)
  const ms = Math.max(...all.map(one => one.ms))
  const [partitions, done] = [total('partitions'), total('done')]
  const running = all.some(one => one.running)
  return {
    job: first.job,
    way: first.way,
    running,
    ms,
    partitions,
    done,
    keys: total('keys'),
    copies: total('copies'),
    bytes: total('bytes'),
    compared: total('compared'),
    perNode: byNode(all.map(one => one.perNode)),
    unproved: all.flatMap(one => one.unproved),
    rows: total('rows'),
    damaged: total('damaged'),
    drifted: total('drifted'),
    tooLarge: [...new Map(all.flatMap(one => one.tooLarge.map(key => [key.key, key]))).values()],
    etaMs:
      running && done > 0 && done < partitions
        ? Math.round((ms * (partitions - done)) / done)
        : undefined,
  }
}

/** Behind the bar: keys, bytes, time left. */
export function progressText(sum: RepairSum): string {
  return ['', ...progressParts(sum)].join('  ')
}

/** How far it is, or what it did. */
export function statusText(sum: RepairSum): string {
  const { job, running, done, partitions } = sum
  if (!running) return `${job} has ended: ${endText(sum)}`
  const parts = [`${shownCount(done)} of ${counted(partitions, 'partition')}`]
  return `${job} runs: ${[...parts, ...progressParts(sum)].join(', ')}`
}

/** What was done, on one line. */
export function endText(sum: RepairSum): string {
  if (isScrub(sum)) return scrubText(sum)
  const { way, keys, partitions, done, bytes, perNode, ms } = sum
  const all = counted(partitions, 'partition')
  const over = `${done < partitions ? `${shownCount(done)} of ` : ''}${all} in ${shownDuration(ms)}`
  if (keys === 0) return `${nothingDiffers(sum)}: ${over}`
  const nodes = [...perNode].map(([node, copies]) => `${node} ${shownCount(copies)}`).join(', ')
  const count = `${shownCount(keys)} key${keys === 1 ? '' : 's'}`
  const differ = `${count} ${keys === 1 ? 'differs' : 'differ'}`
  // Too large to be sent, or refused.
  if (perNode.size === 0) {
    const move = way === 'repair' ? 'moved' : 'would move'
    return `${differ}, and no copy ${move}: ${over}`
  }
  const what =
    way === 'repair'
      ? `repaired ${count}`
      : way === 'preview'
        ? `${count} would be repaired`
        : differ
  const copies = way === 'check' ? 'lacking' : way === 'preview' ? 'to' : 'on'
  return `${what} (copies ${copies} ${nodes}; ${shownSize(bytes)}), ${over}`
}

function nothingDiffers({ unproved }: RepairSum): string {
  return unproved.length === 0 ? 'nothing differs' : 'nothing differs of what was compared'
}

/** A scrub looks at what each node holds, not at what differs. */
function isScrub({ way }: RepairSum): boolean {
  return way === 'scrub' || way === 'verify'
}

function scrubText({ way, rows, damaged, drifted, ms }: RepairSum): string {
  const read = `read ${shownCount(rows)} row${rows === 1 ? '' : 's'} in ${shownDuration(ms)}`
  if (damaged + drifted === 0) return `${read}: all sound`
  const mended = way === 'scrub'
  const [aside, right] = mended ? [' and kept aside', ' and put right'] : ['', '']
  return `${read}: ${shownCount(damaged)} damaged${aside}, ${counted(drifted, 'sum')} wrong${right}`
}

/** What should be known of a repair beside its end: one warning each. */
export function warningsOf(sum: RepairSum): readonly string[] {
  return [...uncomparedTexts(sum), ...sum.tooLarge.map(tooLargeText), ...unequalTexts(sum)]
}

function tooLargeText({ key, bytes }: TooLarge): string {
  return `${keyText(key)} is too large to be sent (${shownSize(bytes)}): its copies stay as they are`
}

export function sumDocument(sum: RepairSum) {
  const { perNode, unproved, etaMs, job, tooLarge, ...rest } = sum
  return {
    id: job,
    ...rest,
    perNode: Object.fromEntries(perNode),
    left: unequalPartitions(sum),
    unreached: Object.fromEntries(uncomparedWith(sum)),
    unproved: unproved.map(({ by, node, ...more }) => ({ nodes: [by, node], ...more })),
    tooLarge: tooLarge.map(({ key, bytes }) => ({ ...encodedKey(bytesOf(key)), bytes })),
    etaMs: etaMs ?? null,
  }
}

/** A copy that would move, with what both hold now. */
export function moveLine({ key, from, to, bytes }: Move, held: InspectReply | undefined): string {
  const what = `${keyText(key)}: ${from} -> ${to}, ${counted(bytes, 'byte')}`
  if (held === undefined) return what
  return `${what}; ${from} ${heldText(held, from)}; ${to} ${heldText(held, to)}`
}

export function moveDocument(move: Move, held: InspectReply | undefined) {
  const { key, from, to, bytes } = move
  return {
    type: 'move',
    ...encodedKey(bytesOf(key)),
    from,
    to,
    bytes,
    held: { [from]: versionsOf(held, from), [to]: versionsOf(held, to) },
  }
}

function progressParts(sum: RepairSum): readonly string[] {
  const { keys, rows, bytes, etaMs } = sum
  const parts = isScrub(sum) ? [counted(rows, 'row')] : [counted(keys, 'key'), shownSize(bytes)]
  return etaMs === undefined ? parts : [...parts, `~${shownDuration(etaMs)} left`]
}

function versionsOf(held: InspectReply | undefined, node: NodeId) {
  const replica = held?.replicas.find(found => found.node === node)
  if (replica?.whole === undefined) return null
  return replica.versions.map(({ dot, ...rest }) => ({ dot: exactDot(dot), ...rest }))
}

function keyText(key: string): string {
  return textOf(bytesOf(key)) ?? `0x${Buffer.from(bytesOf(key)).toString('hex')}`
}

function byNode(
  all: readonly (readonly (readonly [NodeId, number])[])[],
): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const [node, count] of all.flat()) sums.set(node, (sums.get(node) ?? 0) + count)
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}
