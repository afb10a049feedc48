/**
 * Who is *down*: accused, in the incarnation known now, by enough members (design §5). A later
 * incarnation, which only the member itself can raise, refutes everything said of an earlier one.
 */
import { mutant } from '#mutants'
import type { NodeId } from '../ids.ts'
import type { MemberState } from './member-state.ts'

/** Accusers needed: two, or all others where there are not so many. */
export function accusersNeeded(members: number): number {
  return Math.max(1, Math.min(2, members - 1))
}

/** The accusers of every accused member, as far as `counts` lets them count. */
export function accusersOf(
  states: Iterable<MemberState>,
  counts: (accuser: NodeId) => boolean,
): ReadonlyMap<NodeId, readonly NodeId[]> {
  const incarnations = new Map<NodeId, number>()
  const all = [...states]
  for (const { id, incarnation } of all) incarnations.set(id, incarnation)
  const accusers = new Map<NodeId, NodeId[]>()
  for (const { id, accusations } of all) {
    if (!counts(id)) continue
    for (const { node, incarnation } of accusations.value) {
      const current = incarnations.get(node) ?? 0
      if (incarnation < current || (mutant(28) && incarnation === current)) continue
      const known = accusers.get(node)
      if (known === undefined) accusers.set(node, [id])
      else known.push(id)
    }
  }
  return accusers
}
