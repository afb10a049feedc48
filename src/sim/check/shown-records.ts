/** The records that a node shows by an effect, before it is performed: in copies of a put, and in commits. */
import type { Siblings } from '../../core/causality/siblings.ts'
import type { Key } from '../../core/ids.ts'
import type { Effect } from '../../core/step.ts'
import type { Decoded } from './decoded.ts'

export type ShownRecord = { readonly key: Key; readonly siblings: Siblings }

export function recordsIn(effect: Effect, decoded: Decoded): readonly ShownRecord[] {
  if (effect.type === 'send' && effect.message.type === 'store') {
    const { key, object } = effect.message
    const siblings = decoded.object(object)
    return siblings === undefined ? [] : [{ key, siblings }]
  }
  if (effect.type !== 'commit') return []
  return effect.rows.flatMap(({ key, value }) => (value && decoded.copyIn(key, value)) ?? [])
}
