/** States of members for the tests of membership. */
import type { NodeId, StartId, StoreId } from '../../src/core/ids.ts'
import type { Accusation, MemberState } from '../../src/core/membership/member-state.ts'

export function stateOf(
  id: string,
  more: {
    readonly incarnation?: number
    readonly heartbeat?: number
    readonly profileAt?: number
    readonly loadAt?: number
    readonly accusationsAt?: number
    readonly accusations?: readonly Accusation[]
  } = {},
): MemberState {
  const { incarnation = 1, heartbeat = 1 } = more
  return {
    id: id as NodeId,
    incarnation,
    heartbeat,
    profile: {
      at: more.profileAt ?? 1,
      value: {
        host: '127.0.0.1',
        port: 4700 + (more.profileAt ?? 1),
        store: 'store-01' as StoreId,
        start: `start-0${incarnation}` as StartId,
        status: 'alive',
      },
    },
    load: { at: more.loadAt ?? 1, value: { keys: more.loadAt ?? 1, full: false } },
    accusations: { at: more.accusationsAt ?? 1, value: more.accusations ?? [] },
  }
}
