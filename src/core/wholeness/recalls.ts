/**
 * Who tells whom how far its store is (design §4): each node tells those that share partitions
 * with it, when they meet and once a second while it writes, and each answers what it had heard of
 * earlier starts. It is said directly: gossip would carry it further, and not back.
 */
import { after, type Instant, type NodeId, type StartId, type StoreId } from '../ids.ts'
import type { Pending } from '../pending.ts'
import type { Placement } from '../placement.ts'
import type { Effect, Row } from '../step.ts'
import type { Life, Lives } from './lives.ts'
import type { Recall, Recalled, RecallMessage } from './recall-message.ts'
import type { Wholeness } from './wholeness.ts'

type Parts = {
  readonly placement: Placement
  readonly wholeness: Wholeness
  readonly lives: Lives
  readonly pending: Pick<Pending<never, never>, 'write'>
  readonly store: StoreId
  readonly start: StartId
  /** The store's durable commit number when this process began, and now. */
  readonly commitsAtStart: number
  readonly commits: () => number
}

export class Recalls {
  readonly #parts: Parts
  /** The commit number that each member was told last. */
  readonly #told = new Map<NodeId, number>()
  readonly #answeredBy = new Set<NodeId>()
  #nextAt: Instant | undefined
  #keptAt: Instant | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Rows of this in the store. */
  get rows(): number {
    return this.#parts.lives.rows
  }

  connected(node: NodeId, out: Effect[]): void {
    this.#tell(node, out)
  }

  tick(now: Instant, out: Effect[]): void {
    if (this.#nextAt !== undefined && now < this.#nextAt) return
    this.#nextAt = after(now, toldMs)
    const { placement } = this.#parts
    const { commits } = this.#life()
    for (const node of placement.connectedPeers) {
      if (this.#told.get(node) !== commits || !this.#answeredBy.has(node)) this.#tell(node, out)
    }
  }

  receive(from: NodeId, message: RecallMessage, now: Instant, out: Effect[]): void {
    if (message.type === 'recall') this.#asked(from, message, out)
    else this.#answered(from, message, now, out)
  }

  /** Rows that go with a commit that is made anyway, now and then: a store at rest stays so. */
  turn(now: Instant): readonly Row[] {
    if (this.#keptAt !== undefined && now < after(this.#keptAt, keptMs)) return []
    this.#keptAt = now
    return this.#parts.lives.takeRows()
  }

  /** This process stops on purpose. */
  leave(): void {
    this.#keep()
  }

  /** Another member tells how far its store is. */
  #asked(from: NodeId, { id, store, start, began, commits }: Recall, out: Effect[]): void {
    const { lives } = this.#parts
    const before = lives.commitsOf(from)
    if (lives.hear(from, { store, start, began, commits })) this.#keep()
    const verdict = lives.verdictOn(from, start)
    const message = { type: 'recalled', id, start, verdict, commits: before } as const
    out.push({ type: 'send', to: from, message })
  }

  #answered(
    from: NodeId,
    { start, verdict, commits }: Recalled,
    now: Instant,
    out: Effect[],
  ): void {
    const { wholeness, start: own } = this.#parts
    if (start !== own) return
    this.#answeredBy.add(from)
    if (!wholeness.recalled({ from, verdict, commits, own: this.#life().commits }, now)) return
    const note = { level: 'warn', event: 'old-copy', detail: { heardBy: from, commits } } as const
    out.push({ type: 'note', note })
  }

  #keep(): void {
    for (const { key, value } of this.#parts.lives.takeRows()) {
      this.#parts.pending.write(key, { bytes: value, meaning: undefined })
    }
  }

  #tell(to: NodeId, out: Effect[]): void {
    if (!this.#parts.wholeness.shares(to)) return
    const life = this.#life()
    this.#told.set(to, life.commits)
    out.push({ type: 'send', to, message: { type: 'recall', id: 0, ...life } })
  }

  #life(): Life {
    const { store, start, commitsAtStart, commits, wholeness } = this.#parts
    const { offset } = wholeness
    return { store, start, began: commitsAtStart + offset, commits: commits() + offset }
  }
}

const toldMs = 1000
const keptMs = 2000
