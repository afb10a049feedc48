/**
 * What the parts of membership share: the view and the epoch that follows from it, the table of
 * what members say, whom we are connected to, and the list of what others must act on.
 */
import type { Random } from '../draw.ts'
import type { Hash } from '../hash.ts'
import type { Epoch, Instant, NodeId, RequestId } from '../ids.ts'
import type { MembershipMessage } from '../message.ts'
import { epochOf } from '../ring/epoch.ts'
import type { Effect, Note } from '../step.ts'
import type { MemberState, Profile } from './member-state.ts'
import { MemberTable } from './member-table.ts'
import type { MembershipTiming } from './timing.ts'
import { membersIn, mergeViews, type View } from './view.ts'
import { watchCircle } from './watch.ts'

export type MembershipEnv = {
  readonly self: NodeId
  readonly hash: Hash
  readonly random: Random
  readonly view: View
  readonly profile: Profile
  /** Above that of every earlier start that this store knows. */
  readonly incarnation: number
  readonly firstId: RequestId
  readonly timing: MembershipTiming
}

/** What others must act on; taken by the replica after each call. */
export type MembershipChange =
  | { readonly type: 'view' | 'incarnation' }
  /** avoid: from now on nobody waits for this node. address: it may listen elsewhere. */
  | { readonly type: 'avoid' | 'address'; readonly node: NodeId }

export class Roster {
  readonly env: MembershipEnv
  readonly table: MemberTable
  readonly connected = new Set<NodeId>()
  #view: View = []
  #epoch = '' as Epoch
  #members: ReadonlySet<NodeId> = new Set()
  #circle: readonly NodeId[] = []
  #changes: MembershipChange[] = []
  #lastId: RequestId

  constructor(env: MembershipEnv) {
    this.env = env
    this.table = new MemberTable(env.self, env.timing.budgetBytes)
    this.#lastId = env.firstId
    this.#take(env.view)
    const sections = {
      profile: { at: 1, value: env.profile },
      load: { at: 1, value: { keys: 0, full: false } },
      accusations: { at: 1, value: [] },
    }
    const { self: id, incarnation } = env
    this.table.setOwn({ id, incarnation, heartbeat: 1, ...sections }, 0 as Instant, 0)
  }

  get view(): View {
    return this.#view
  }

  get epoch(): Epoch {
    return this.#epoch
  }

  get members(): ReadonlySet<NodeId> {
    return this.#members
  }

  /** The members in the order in which they watch each other. */
  get circle(): readonly NodeId[] {
    return this.#circle
  }

  get own(): MemberState {
    return this.table.state(this.env.self) as MemberState
  }

  isMember(node: NodeId): boolean {
    return this.#members.has(node)
  }

  /** Takes over what a view adds to ours; false where it adds nothing. */
  adopt(entries: View): boolean {
    const view = mergeViews(this.#view, entries)
    if (view === this.#view) return false
    this.#take(view)
    this.table.keepOnly(id => this.#members.has(id))
    this.changed({ type: 'view' })
    return true
  }

  /** Our own state, changed; its heartbeat rises. `newsMs` 0: nothing that others wait for. */
  setOwn(now: Instant, sections: Partial<MemberState>, newsMs = this.newsMs()): void {
    const own = this.own
    this.table.setOwn({ ...own, ...sections, heartbeat: own.heartbeat + 1 }, now, newsMs)
  }

  /** How long news is told unasked: as long as it needs to reach everybody, and a little. */
  newsMs(): number {
    let rounds = 6
    for (let reached = 1; reached < this.#members.size; reached *= 2) rounds += 1
    return rounds * this.env.timing.newsRoundMs
  }

  newId(): RequestId {
    this.#lastId += 1
    return this.#lastId
  }

  /** The number of the last message: what answers a later one was asked after now. */
  get lastId(): RequestId {
    return this.#lastId
  }

  changed(change: MembershipChange): void {
    this.#changes.push(change)
  }

  takeChanges(): readonly MembershipChange[] {
    const changes = this.#changes
    if (changes.length > 0) this.#changes = []
    return changes
  }

  #take(view: View): void {
    this.#view = view
    this.#epoch = epochOf(this.env.hash, view)
    this.#members = new Set(membersIn(view).map(({ id }) => id))
    this.#circle = watchCircle(this.env.hash, [...this.#members])
  }
}

export function sent(to: NodeId, message: MembershipMessage): Effect {
  return { type: 'send', to, message }
}

export function noted(level: Note['level'], event: string, detail: Note['detail']): Effect {
  return { type: 'note', note: { level, event, detail } }
}
