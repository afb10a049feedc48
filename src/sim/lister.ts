/** Lists all keys through one client, page by page, as `kv keys` does. */
import type { Key } from '../core/ids.ts'
import type { Failure } from '../core/outcome.ts'
import type { CallResult } from '../core/session/call.ts'
import type { ClientId, SimClient } from './client.ts'
import type { Context } from './context.ts'
import type { Draws } from './draw.ts'
import type { Micros } from './events.ts'
import type { Phase } from './history.ts'

/** A listing that has ended. */
export type Listed = {
  readonly client: ClientId
  readonly phase: Phase
  readonly at: Micros
  readonly keys: ReadonlySet<Key>
  /** A page said that it is short of a quorum. */
  readonly missing: boolean
  readonly failure: Failure | undefined
}

type Wish = {
  readonly phase: Phase
  readonly partial: boolean
  readonly limit: number
  readonly timeoutMs: number
}
export type PlannedListing = Wish & { readonly at: Micros; readonly client: number }

/** In some worlds keys are listed while faults come and go. */
export function makeListings(draws: Draws, from: Micros, to: Micros): readonly PlannedListing[] {
  const draw = draws.of('listings')
  if (!draw.permille(250)) return []
  return Array.from({ length: draw.between(8, 30) }, () => ({
    at: draw.between(from, to),
    client: draw.below(1000),
    phase: 'faults' as const,
    partial: draw.permille(200),
    limit: draw.pick([1, 7, 1000]),
    timeoutMs: draw.between(1000, 5000),
  }))
}

const longestMicros = 10_000_000
/** Of one that takes many pages, since frames are small: the world ends soon after. */
const longestLastMicros = 1_000_000

/** Once everything has healed. */
export const lastListing: Wish = { phase: 'after', partial: false, limit: 1000, timeoutMs: 3000 }

export function listKeys(context: Context, client: SimClient, wish: Wish): void {
  const { phase, timeoutMs, partial, limit } = wish
  const at = context.events.now
  const keys = new Set<Key>()
  let missing = false
  const end = (failure: Failure | undefined) => {
    const listed = { client: client.id, phase, at, keys, missing, failure }
    context.notice({ type: 'listed', listed })
  }
  const take = (result: CallResult): void => {
    if (result.type !== 'done') return end(result.type === 'failed' ? result.failure : undefined)
    if (result.reply.type !== 'page') return
    for (const key of result.reply.keys) keys.add(key)
    if (result.reply.missing !== undefined) missing = true
    if (result.reply.cursor === undefined) return end(undefined)
    // Who lists key by key over a slow link goes away some time.
    const isLast = context.options.frameBytes !== undefined && phase === 'after'
    const until = at + (isLast ? longestLastMicros : longestMicros)
    if (context.events.now < until) ask(result.reply.cursor)
  }
  const ask = (after: string): void => {
    const wanted = { type: 'scan', prefix: '', after, limit, partial } as const
    client.call(wanted, timeoutMs, undefined, { onSent: () => undefined, onSettled: take })
  }
  ask('')
}
