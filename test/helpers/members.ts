/** Member sets for the ring: from fast-check, and from a seed where a fixed number is measured. */
import fc from 'fast-check'
import type { NodeId } from '../../src/core/ids.ts'
import type { ViewEntry } from '../../src/core/membership/view.ts'
import type { RingMember } from '../../src/core/ring/shares.ts'

/** `n1`, `n2`, … of these weights, in these zones in turn. */
export function membersOf(weights: readonly number[], zones: readonly string[] = ['']) {
  return weights.map((weight, i) => member(`n${i + 1}`, weight, zones[i % zones.length]))
}

/** Equal members whose names come from the seed. */
export function equalMembers(count: number, seed: number, zones?: readonly string[]): RingMember[] {
  return Array.from({ length: count }, (_, i) =>
    member(`s${seed}-${i}`, 1, zones?.[i % zones.length]),
  )
}

/** Members of random names, weights and zones. */
export function anyMembers(options: { min: number; max: number; zones: number; weight: number }) {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,9}$/)
  const one = fc.record({
    id: name.map(id => id as NodeId),
    weight: fc.integer({ min: 1, max: options.weight }),
    zone: fc.integer({ min: 1, max: options.zones }).map(zone => `zone ${zone}`),
  })
  return fc.uniqueArray(one, {
    minLength: options.min,
    maxLength: options.max,
    selector: chosen => chosen.id,
  })
}

/** A member as the view has it. */
export function entryOf(id: string, more: Partial<ViewEntry> = {}): ViewEntry {
  const entry = { removed: false, version: 1, weight: 1, zone: '' }
  return { id: id as NodeId, ...entry, key: undefined, statement: undefined, ...more }
}

function member(id: string, weight: number, zone = ''): RingMember {
  return { id: id as NodeId, weight, zone }
}
