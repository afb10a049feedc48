/** The replica's side of a request: keeps copies, reads them, lists keys, for a coordinator elsewhere. */
import { mutant, sometimes } from '#mutants'
import { decodeObject } from './causality/object.ts'
import type { NodeId } from './ids.ts'
import type { Listing } from './listing.ts'
import type { ListKeys, ReadCopy, StoreCopy } from './message.ts'
import { damaged, type Objects } from './objects.ts'
import { type Code, type Failure, nothingDone } from './outcome.ts'
import type { Placement } from './placement.ts'
import type { Stored } from './quorum/put-coordination.ts'
import type { Effect, Env } from './step.ts'

export class Copies {
  readonly #env: Env
  readonly #placement: Placement
  readonly #objects: Objects<Stored>
  readonly #listing: Listing

  constructor(env: Env, placement: Placement, objects: Objects<Stored>, listing: Listing) {
    this.#env = env
    this.#placement = placement
    this.#objects = objects
    this.#listing = listing
  }

  /** Merges the copy; acknowledged once all of it is durable here. */
  store(from: NodeId, copy: StoreCopy, out: Effect[]): void {
    const refusal = this.#refusalOf(copy)
    const siblings = refusal === undefined ? decodeObject(this.#env.hash, copy.object) : undefined
    if (siblings === undefined) {
      const refused = refusal ?? failure('PROTOCOL', 'the object cannot be read')
      return void out.push(this.stored(from, copy.id, refused))
    }
    const then = { type: 'copy', to: from, id: copy.id } as const
    const { object, time, generation } = copy
    const incoming = { object, siblings, time, generation }
    const waits = this.#objects.merge(copy.token, copy.key, incoming, then)
    if (!waits || mutant(1)) out.push(this.stored(from, copy.id, undefined))
  }

  /** The answer to a copy. */
  stored(to: NodeId, id: number, refused: Failure | undefined): Effect {
    const message = { type: 'stored', id, whole: this.#env.whole, refused } as const
    return { type: 'send', to, message }
  }

  read(from: NodeId, { id, epoch, key, token, full }: ReadCopy, out: Effect[]): void {
    const held = full ? this.#objects.durable(token, key) : this.#objects.durableDigest(token, key)
    const refused = this.#refusalOf({ epoch }) ?? (held === damaged ? damagedFailure() : undefined)
    const record = typeof held === 'object' && refused === undefined ? held : undefined
    const digest = typeof held === 'string' && refused === undefined ? held : (record?.digest ?? '')
    const object = record?.object
    const { whole } = this.#env
    const message = { type: 'held', id, whole, generation: 0, digest, object, refused } as const
    out.push({ type: 'send', to: from, message })
  }

  list(from: NodeId, request: ListKeys, out: Effect[]): void {
    const { id, after, prefix, limit } = request
    const refused = this.#refusalOf(request)
    const message =
      refused === undefined
        ? this.#listing.list(id, after, prefix, limit)
        : ({ type: 'listed', id, rows: [], upTo: undefined, refused } as const)
    out.push({ type: 'send', to: from, message })
  }

  #refusalOf({ epoch }: Pick<StoreCopy, 'epoch'>): Failure | undefined {
    if (epoch === this.#placement.epoch) return undefined
    return failure('STALE_VIEW', 'this node knows other members')
  }
}

function damagedFailure(): Failure {
  sometimes('a damaged row is read')
  return failure('INTERNAL', 'the record of this replica is damaged')
}

function failure(code: Code, message: string): Failure {
  return { code, message, outcome: nothingDone(0) }
}
