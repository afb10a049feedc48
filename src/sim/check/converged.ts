/**
 * I3: after faults all primaries of a key hold the same live versions, byte for byte, though
 * nobody reads; then exchanges trade nothing any more. Told from the disks. A row that rotted and
 * was never looked at differs unnoticed, and is mended once somebody looks; a layer that is
 * switched off mends nothing; a key that cannot travel stays as it is.
 */

import { isSameBytes } from '../../core/binary.ts'
import type { Siblings } from '../../core/causality/siblings.ts'
import type { Key, NodeId } from '../../core/ids.ts'
import { homesOf } from '../homes.ts'
import type { Checker, MakeChecker } from './checker.ts'
import { stuckKeys } from './travel.ts'

type Held = { readonly node: NodeId; readonly siblings: Siblings | undefined }

export const convergedChecker: MakeChecker = (scene): Checker => {
  const { context, dead, decoded, fail } = scene
  const homeOf = homesOf(context.options)
  let rested = false
  /** Those that cannot travel: they may differ, and are compared again and again. */
  let stuck: ReadonlySet<Key> = new Set()
  let looked = false
  /** Nodes with damaged rows at rest. */
  const rotten = new Set<NodeId>()
  /** The first two living primaries that differ. */
  const differ = (key: Key): readonly [Held, Held] | undefined => {
    const held: Held[] = []
    for (const node of homeOf(key).primaries) {
      const rows = context.machines.get(node)?.disk.rows
      const [row] = decoded.rowsOf(key, [])
      const bytes = row === undefined ? undefined : rows?.get(row)
      if (dead.has(node) || row === undefined) continue
      const siblings = bytes && decoded.copyIn(row, bytes)?.siblings
      if (bytes !== undefined && siblings === undefined) {
        rotten.add(node)
        continue
      }
      held.push({ node, siblings })
    }
    const [first, ...rest] = held
    const other = rest.find(one => !isSameLive(one.siblings, first?.siblings))
    return first && other && [first, other]
  }
  return {
    name: 'I3',
    onNotice: notice => {
      if (!rested || notice.type !== 'effect' || notice.effect.type !== 'send') return
      const { message, to } = notice.effect
      if (message.type !== 'differ' || rotten.has(notice.node) || rotten.has(to)) return
      if (stuck.size > 0 && message.held.every(({ key }) => stuck.has(key))) return
      const what = `${message.held.length} keys`
      fail('I3', message.held[0]?.key, `${notice.node} still trades ${what} with ${to} at rest`)
    },
    atRest: () => {
      const { layersOff } = context.options
      if (layersOff.includes('exchange') || looked) return
      // Hints that nobody hands over are found by the reads that follow, and spread by them. So is a
      // settled sibling, in a hint for a dead node, of which the vectors that were cut say nothing.
      looked = layersOff.includes('handoff') || context.prunes
      rested = !looked
      stuck = stuckKeys(scene)
      for (const key of scene.history.writes.keys()) {
        const two = differ(key)
        if (two === undefined || stuck.has(key)) continue
        const [a, b] = two
        fail('I3', key, `${told(a)} and ${told(b)} at rest`)
      }
    },
  }
}

function told({ node, siblings }: Held): string {
  const ops = siblings?.versions.map(({ dot }) => `${dot.counter}`).join(' ') ?? 'nothing'
  return `${node} holds dots ${ops}`
}

/** The same live versions: vectors, operation ids and history may differ. */
export function isSameLive(a: Siblings | undefined, b: Siblings | undefined): boolean {
  const [one, other] = [a?.versions ?? [], b?.versions ?? []]
  if (one.length !== other.length) return false
  return one.every((version, i) => {
    const twin = other[i]
    return (
      twin !== undefined &&
      version.dot.actor === twin.dot.actor &&
      version.dot.counter === twin.dot.counter &&
      version.tombstone === twin.tombstone &&
      isSameBytes(version.value, twin.value)
    )
  })
}
