/** One node that hands hints over, and owners that the test plays: no replica, no sockets. */
import { Carrier, usualFrameBytes } from '../../src/core/carrier.ts'
import { Handoff } from '../../src/core/handoff/handoff.ts'
import type { Instant, NodeId, RequestId } from '../../src/core/ids.ts'
import { type ViewEntry, viewOf } from '../../src/core/membership/view.ts'
import type { Handoff as Handed } from '../../src/core/message.ts'
import { nothingDone } from '../../src/core/outcome.ts'
import { Placement } from '../../src/core/placement.ts'
import type { Stored } from '../../src/core/quorum/put-coordination.ts'
import { Requests } from '../../src/core/requests.ts'
import type { Effect } from '../../src/core/step.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { HintHolder, tokenFor } from './hint-holder.ts'
import { entryOf } from './members.ts'
import { TestCluster } from './replicas.ts'

type Sent = { readonly to: NodeId; readonly message: Handed }

/** `self` hands over; the other members are owners. */
export class HandoffWorld {
  readonly self: NodeId
  readonly holder: HintHolder<Stored>
  requests = new Requests(1 as RequestId)
  readonly placement: Placement
  readonly out: Effect[] = []
  carrier = new Carrier(usualFrameBytes)
  handoff: Handoff
  now = 0 as Instant
  #starts = 0
  #view: readonly ViewEntry[]

  constructor(members: readonly string[], bytesMax?: number) {
    const { settings } = new TestCluster(5)
    this.self = members[0] as NodeId
    this.#view = viewOf(members.map(id => entryOf(id)))
    this.placement = new Placement(this.self, settings, this.#view, nodeHash, () => false)
    for (const id of members) this.placement.connected(id as NodeId)
    this.holder = new HintHolder<Stored>(bytesMax)
    this.handoff = new Handoff(this.placement, this.holder.objects, this.requests, this.carrier)
  }

  /** A new process on the same disk. */
  restart(): void {
    this.holder.restart()
    // Numbers of an earlier process mean nothing to this one.
    this.requests = new Requests((++this.#starts * 1_000_000) as RequestId)
    this.handoff = new Handoff(this.placement, this.holder.objects, this.requests, this.carrier)
  }

  /** A tick; what was gathered becomes durable, unless the test does that itself. */
  tick(ms = 20, flushes = true): void {
    this.now = (this.now + ms) as Instant
    this.requests.tick(this.now, this.out)
    this.handoff.tick(this.now, this.out)
    if (flushes) this.holder.flush()
  }

  /** Batches that were sent since the last call. */
  takeSent(): Sent[] {
    return this.out
      .splice(0)
      .flatMap(effect =>
        effect.type === 'send' && effect.message.type === 'handoff'
          ? [{ to: effect.to, message: effect.message }]
          : [],
      )
  }

  answer({ to, message }: Sent, refused = false, foreground = 0, left: number[] = []): void {
    const outcome = nothingDone(0)
    const failure = refused ? ({ code: 'BUSY', message: 'no', outcome } as const) : undefined
    const { id } = message
    const told = { whole: true, foreground, refused: failure, left } as const
    const answer = { type: 'handed', id, ...told } as const
    this.requests.answered(to, answer, this.now, this.out)
  }

  lose(owner: string): void {
    this.placement.disconnected(owner as NodeId)
    this.requests.lost(owner as NodeId, this.now, this.out)
  }

  /** The member is removed, and nobody is connected to it any more. */
  remove(id: string): void {
    this.#view = viewOf([...this.#view, entryOf(id, { removed: true })])
    this.placement.adopt(this.#view)
    this.lose(id)
  }

  /** The n-th key that this member owns; `self` does not where the test says so. */
  keyOf(owner: string, n = 0, selfOwns?: boolean): string {
    for (let i = 0, found = 0; ; i++) {
      const key = `key-${i}`
      const primaries = this.placement.primaries(tokenFor(key))
      if (!primaries.includes(owner as NodeId)) continue
      if (selfOwns !== undefined && primaries.includes(this.self) !== selfOwns) continue
      if (found++ === n) return key
    }
  }

  get left(): number {
    let hints = 0
    for (const count of this.holder.hints.counts.values()) hints += count.hints
    return hints
  }
}
