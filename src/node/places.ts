/**
 * Who may come in: so many connections for clients, some on top that only operators take (the
 * `kv` command), so that clients cannot lock it out, and always one for each member.
 */
import { connectionsMax, operatorsMax } from '../wire/bounds.ts'
import type { Refusal, Role } from '../wire/hello.ts'

export type Place = 'member' | 'operator' | 'client'

/** A node that is no member takes a client's place. */
export function placeOf(role: Role, isMember: boolean): Place {
  if (role === 'peer') return isMember ? 'member' : 'client'
  return role === 'admin' ? 'operator' : 'client'
}

export class Places {
  readonly #taken: Record<Place, number> = { member: 0, operator: 0, client: 0 }

  /** Why there is no place; undefined: there is one. */
  objection(place: Place): Refusal | undefined {
    if (place === 'member') return undefined
    if (place === 'operator' && this.#taken.operator < operatorsMax) return undefined
    // Operators past those that are kept for them sit among the clients.
    const among = this.#taken.client + Math.max(0, this.#taken.operator - operatorsMax)
    if (among < connectionsMax) return undefined
    return { code: 'busy', text: `this node has ${connectionsMax} connections` }
  }

  enter(place: Place): void {
    this.#taken[place]++
  }

  leave(place: Place): void {
    this.#taken[place]--
  }
}
