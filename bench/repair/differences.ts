/**
 * Two replicas of as many keys that differ in d of them, and what it costs until both know which
 * and hold the same (issue 6): as frames on the wire, by two real nodes on two real stores.
 */
import { nextOf } from './data-set.ts'
import type { Pair } from './pair.ts'
import { type Edit, edit } from './stopped-store.ts'
import type { TappedFrame } from './wire-tap.ts'

export type Cost = {
  readonly differing: number
  /** Bytes both ways until both know which entries differ; and to tell who needs what. */
  readonly findBytes: number
  readonly tradeBytes: number
  /** Round trips of both. */
  readonly findRounds: number
  readonly tradeRounds: number
  /** Objects that went over the wire. */
  readonly moved: number
  /** From the first question to the last answer. */
  readonly ms: number
  /** The last comparison, which found them equal. */
  readonly endBytes: number
}

/** The keys from this number on are made to differ; both nodes are stopped before and after. */
export async function measureDifferences(
  pair: Pair,
  differing: number,
  from: number,
): Promise<Cost> {
  const { a, b } = editsOf(differing, from)
  await edit(pair.place('n1'), a)
  await edit(pair.place('n2'), b)
  await pair.startBoth()
  await pair.untilEqual()
  const frames = answered(await pair.frames())
  await pair.stopBoth()
  const end = frames.slice(-framesOfEqual)
  const work = frames.slice(0, -framesOfEqual)
  const find = work.filter(({ type }) => ['compare', 'compared', 'sketch'].includes(type))
  const trade = work.filter(frame => !find.includes(frame))
  const [first, last] = [work[0] ?? end[0], work.at(-1) ?? end.at(-1)]
  return {
    differing,
    findBytes: bytesOf(find),
    tradeBytes: bytesOf(trade),
    findRounds: find.length / 2,
    tradeRounds: trade.length / 2,
    moved: frames.reduce((sum, { objects }) => sum + objects, 0),
    ms: (last?.at ?? 0) - (first?.at ?? 0),
    endBytes: bytesOf(end),
  }
}

/** 60 % stale versions, half of them on each side; 20 % only on one side, 20 % only on the other. */
function editsOf(differing: number, from: number): { readonly a: Edit[]; readonly b: Edit[] } {
  const a: Edit[] = []
  const b: Edit[] = []
  for (let i = 0; i < differing; i++) {
    const number = from + i
    const [mine, side] = i % 2 === 0 ? [a, 'a'] : [b, 'b']
    if (i % 10 < 6) mine.push({ number, make: base => nextOf(base, side, number) })
    else mine.push({ number, make: () => undefined })
  }
  return { a, b }
}

/** Without questions that the other side was not ready for, and what it said to them. */
function answered(frames: readonly TappedFrame[]): readonly TappedFrame[] {
  return frames.filter((frame, i) => !frame.refused && frames[i + 1]?.refused !== true)
}

function bytesOf(frames: readonly TappedFrame[]): number {
  return frames.reduce((sum, { bytes, objectBytes }) => sum + bytes - objectBytes, 0)
}

const framesOfEqual = 2
