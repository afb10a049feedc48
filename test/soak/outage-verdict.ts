/** What the replicas hold when all hints have gone home: asked of each, without a read's repair. */
import type { Client } from '../../src/client/index.ts'
import type { OutageWrite } from './outage-load.ts'

export type Examined = {
  /** Keys that were acknowledged, and how many of them no replica holds. */
  readonly acknowledged: number
  readonly missing: readonly string[]
  /** Keys written that some owner does not hold: hints did not bring them. */
  readonly notAtAllOwners: readonly string[]
  /** Puts acknowledged with fewer distinct nodes than were needed. */
  readonly inexact: readonly string[]
  readonly unacknowledged: number
}

const atOnce = 32

export async function examined(client: Client, writes: readonly OutageWrite[]): Promise<Examined> {
  const missing: string[] = []
  const notAtAllOwners: string[] = []
  const done = writes.filter(({ acks }) => acks !== undefined)
  const left = [...done]
  const lane = async () => {
    for (let write = left.pop(); write !== undefined; write = left.pop()) {
      const { replicas } = await client.inspect(write.key, { timeoutMs: 10_000 })
      const holding = replicas.filter(({ versions }) => versions.length > 0).length
      if (holding === 0) missing.push(write.key)
      if (holding < replicas.length) notAtAllOwners.push(`${write.key} (${write.phase})`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  const inexact = done.filter(({ acks, needed }) => new Set(acks).size < needed)
  return {
    acknowledged: done.length,
    missing,
    notAtAllOwners,
    inexact: inexact.map(({ key }) => key),
    unacknowledged: writes.length - done.length,
  }
}
