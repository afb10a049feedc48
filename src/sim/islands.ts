/**
 * The plan of worlds in which keys outgrow what a message takes: four times every node is alone
 * with the clients for some seconds, and two keys get blind puts on each of them; what the sides
 * make together, once they meet, fits no frame. Between, and of other keys, all is as usual.
 */
import type { Key, NodeId } from '../core/ids.ts'
import type { Draw } from './draw.ts'
import type { Micros } from './events.ts'

export type Island = {
  readonly from: Micros
  readonly last: Micros
  /** Two of the keys. */
  readonly keys: readonly Key[]
}

/** The last one ends some seconds before all heals: they meet, and one of them may lose its disk. */
export function islandsUntil(to: Micros, keys: readonly Key[] = []): readonly Island[] {
  const last = Math.floor((to - meetingMicros) / times / 2)
  return Array.from({ length: times }, (_, i) => ({
    from: (2 * i + 1) * last,
    last,
    keys: keys.slice(2 * i, 2 * i + 2),
  }))
}

/** Each node alone, and then a disk lost: by then the others hold what it held. */
export function islandFaults(to: Micros, nodes: readonly NodeId[], loser: NodeId | undefined) {
  const cuts = nodes.flatMap(from => nodes.filter(node => node !== from).map(to => ({ from, to })))
  const all = { kind: 'partition', type: 'partition', message: undefined, cuts } as const
  return islandsUntil(to).flatMap(({ from: at, last }) => {
    const alone = { ...all, at, last, shape: 'islands' }
    if (loser === undefined) return [alone]
    const wipe = { kind: 'wipe', type: 'wipe', node: loser, down: 100_000 } as const
    return [alone, { ...wipe, at: at + last + lostMicros }]
  })
}

type Shaped<Kind> = {
  readonly key: Key
  readonly kind: Kind | 'blind'
  readonly w: number | undefined
}

/** What an operation is in such a world: while nodes are alone most put what one of them takes. */
export function islandOperation<Kind>(
  one: Shaped<Kind> & { readonly at: Micros },
  islands: readonly Island[],
  draw: Draw,
): Shaped<Kind> {
  const { key, kind, w, at } = one
  const island = islands.find(({ from, last }) => at >= from && at < from + last)
  if (island === undefined || !draw.permille(600)) return { key, kind, w }
  return { key: draw.pick(island.keys), kind: 'blind', w: 1 }
}

const times = 4
const meetingMicros = 4_000_000
const lostMicros = 3_000_000
