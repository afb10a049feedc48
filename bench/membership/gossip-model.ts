/**
 * A model of gossip for clusters whose tables no machine can hold: 10,000 tables of 10,000
 * members are 10^8 records. Each node keeps a number per member (the heartbeat it knows), who is
 * hot, and its place in the digest; digests, answers, budget, order and rounds are those of
 * `member-table.ts` and `gossip.ts`. An exchange takes no time, nothing is lost, nobody is
 * watched. `bench/membership.ts` measures it beside the real machine at sizes where both run.
 */
import type { Epoch, NodeId, StartId, StoreId } from '../../src/core/ids.ts'
import type { DigestEntry, MemberDelta } from '../../src/core/membership/member-state.ts'
import type { MembershipTiming } from '../../src/core/membership/timing.ts'
import { Postage } from './postage.ts'

type Change = { readonly at: number; readonly heartbeat: number; known: number }

type Digest = { readonly entries: readonly number[]; readonly complete: boolean }

/** A member, and the heartbeat from which on the other side lacks it. */
type Lack = readonly [member: number, since: number]

export class GossipModel {
  now = 0
  readonly spreads: number[] = []
  /** Of every `sampled`-th exchange, spelled out as messages. */
  readonly postage = new Postage()
  readonly #n: number
  readonly #timing: MembershipTiming
  /** The heartbeat that node i knows of member m: at i · n + m. */
  readonly #known: Uint16Array
  /** The heartbeat with which a member's profile changed last. */
  readonly #profileAt: Uint16Array
  readonly #hot: Map<number, number>[]
  readonly #cursor: Int32Array
  readonly #roundAt: Int32Array
  readonly #rounds: Map<number, number[]> = new Map()
  readonly #idLength: Uint8Array
  readonly #changes = new Map<number, Change>()
  readonly #hotMs: number
  readonly #sampled: number
  #state: number
  #exchanges = 0
  #made = 0

  constructor(n: number, seed: number, timing: MembershipTiming, sampled = 100) {
    this.#n = n
    this.#state = seed
    this.#timing = timing
    this.#sampled = sampled
    this.#known = new Uint16Array(n * n).fill(1)
    this.#profileAt = new Uint16Array(n).fill(1)
    this.#hot = Array.from({ length: n }, () => new Map())
    this.#cursor = Int32Array.from({ length: n }, () => this.#below(n))
    this.#idLength = Uint8Array.from({ length: n }, (_, i) => `n${i + 1}`.length)
    this.#hotMs = (6 + Math.ceil(Math.log2(n))) * timing.newsRoundMs
    this.#roundAt = new Int32Array(n)
    for (let i = 0; i < n; i++) this.#schedule(i, 1 + this.#below(timing.roundMs))
  }

  get under(): number {
    return this.#changes.size
  }

  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 1
      const due = this.#rounds.get(this.now)
      this.#rounds.delete(this.now)
      for (const node of due ?? []) if (this.#roundAt[node] === this.now) this.#round(node)
    }
  }

  /** One member has a new address. */
  make(): void {
    let node = (this.#made * 7919) % this.#n
    while (this.#changes.has(node)) node = (node + 1) % this.#n
    this.#made += 1
    const heartbeat = this.#raise(node)
    this.#profileAt[node] = heartbeat
    this.#changes.set(node, { at: this.now, heartbeat, known: 1 })
    this.#heat(node, node)
  }

  #round(node: number): void {
    const { roundMs, newsRoundMs } = this.#timing
    if (this.#below(Math.ceil(this.#n / 64)) === 0) this.#raise(node)
    const other = (node + 1 + this.#below(this.#n - 1)) % this.#n
    this.#exchange(node, other)
    const periodMs = this.#hotOf(node).length > 0 ? newsRoundMs : roundMs
    const jitterMs = this.#below(Math.floor(periodMs / 5))
    this.#schedule(node, Math.ceil(this.now + periodMs * 0.9 + jitterMs))
  }

  /** Syn, syn-ack and ack. */
  #exchange(a: number, b: number): void {
    const digest = this.#digest(a)
    const wants = digest.entries.filter(member => this.#at(b, member) < this.#at(a, member))
    const there = this.#within(b, this.#lacks(a, b, digest))
    const back = this.#within(
      a,
      wants.map(member => [member, this.#at(b, member)]),
    )
    this.#exchanges += 1
    if (this.#exchanges % this.#sampled === 0) this.#spell(a, b, digest, there, wants, back)
    this.#apply(a, b, there)
    this.#apply(b, a, back)
  }

  #digest(node: number): Digest {
    const n = this.#n
    const entries: number[] = []
    const told = new Set<number>()
    let left = this.#timing.budgetBytes
    const tell = (member: number): boolean => {
      if (told.has(member)) return true
      left -= (this.#idLength[member] as number) + 10
      if (left < 0) return false
      told.add(member)
      entries.push(member)
      return true
    }
    for (const member of this.#hotOf(node)) if (!tell(member)) break
    const from = this.#cursor[node] as number
    let i = 0
    while (i < n && tell((from + i) % n)) i++
    this.#cursor[node] = (from + i) % n
    return { entries, complete: told.size === n }
  }

  /** What a, who sent the digest, lacks of what b knows. */
  #lacks(a: number, b: number, { entries, complete }: Digest): readonly Lack[] {
    const lacks: Lack[] = []
    for (const member of entries) {
      const since = this.#at(a, member)
      if (this.#at(b, member) > since) lacks.push([member, since])
    }
    if (complete) return lacks
    const listed = new Set(entries)
    for (const member of this.#hotOf(b)) if (!listed.has(member)) lacks.push([member, 0])
    return lacks
  }

  #within(by: number, lacks: readonly Lack[]): readonly Lack[] {
    const hot = new Set(this.#hotOf(by))
    const order = [...lacks.filter(([m]) => hot.has(m)), ...lacks.filter(([m]) => !hot.has(m))]
    let left = this.#timing.budgetBytes
    let count = 0
    for (const lack of order) {
      left -= this.#deltaBytes(lack)
      if (left < 0 && count > 0) break
      count += 1
    }
    return order.slice(0, count)
  }

  /** What `deltaBytes` of the table says of it. */
  #deltaBytes([member, since]: Lack): number {
    const bytes = (this.#idLength[member] as number) + 16
    if (since === 0) return bytes + 49 + 14
    return since < (this.#profileAt[member] as number) ? bytes + 49 : bytes
  }

  #apply(to: number, from: number, deltas: readonly Lack[]): void {
    for (const [member] of deltas) {
      const before = this.#at(to, member)
      const after = this.#at(from, member)
      if (after <= before) continue
      this.#known[to * this.#n + member] = after
      const profileAt = this.#profileAt[member] as number
      if (before < profileAt && after >= profileAt) this.#learnt(to, member)
    }
  }

  #learnt(node: number, member: number): void {
    this.#heat(node, member)
    const change = this.#changes.get(member)
    if (change === undefined) return
    change.known += 1
    if (change.known < this.#n) return
    this.#changes.delete(member)
    this.spreads.push(this.now - change.at)
  }

  #heat(node: number, member: number): void {
    this.#hot[node]?.set(member, this.now + this.#hotMs)
    const soon = this.now + this.#timing.newsRoundMs
    if ((this.#roundAt[node] as number) > soon) this.#schedule(node, soon)
  }

  #hotOf(node: number): readonly number[] {
    const hot = this.#hot[node] as Map<number, number>
    for (const [member, until] of hot) if (until <= this.now) hot.delete(member)
    return [...hot.keys()]
  }

  #schedule(node: number, at: number): void {
    this.#roundAt[node] = at
    const due = this.#rounds.get(at)
    if (due === undefined) this.#rounds.set(at, [node])
    else due.push(node)
  }

  #at(node: number, member: number): number {
    return this.#known[node * this.#n + member] as number
  }

  #raise(node: number): number {
    const at = node * this.#n + node
    const heartbeat = (this.#known[at] as number) + 1
    this.#known[at] = heartbeat
    return heartbeat
  }

  /** The three messages, through the codec. */
  #spell(
    a: number,
    b: number,
    digest: Digest,
    there: readonly Lack[],
    wants: readonly number[],
    back: readonly Lack[],
  ): void {
    const head = { id: this.#exchanges, epoch: 'epoch-01' as Epoch, view: undefined }
    const entries = digest.entries.map(member => this.#entry(a, member))
    const wanted = wants.map(member => this.#entry(b, member))
    const told = (by: number, lacks: readonly Lack[]) => lacks.map(lack => this.#delta(by, lack))
    const { complete } = digest
    this.postage.weigh({ type: 'syn', ...head, digest: { entries, complete } })
    this.postage.weigh({ type: 'syn-ack', ...head, deltas: told(b, there), wants: wanted })
    if (back.length > 0) this.postage.weigh({ type: 'ack', ...head, deltas: told(a, back) })
  }

  #entry(node: number, member: number): DigestEntry {
    return { id: idOf(member), incarnation: 1, heartbeat: this.#at(node, member) }
  }

  #delta(by: number, [member, since]: Lack): MemberDelta {
    const profileAt = this.#profileAt[member] as number
    const value = { host: '127.0.0.1', port: 4700, store, start, status: 'alive' } as const
    return {
      ...this.#entry(by, member),
      since,
      profile: since < profileAt ? { at: profileAt, value } : undefined,
      load: since === 0 ? { at: 1, value: { keys: 0, full: false } } : undefined,
      accusations: since === 0 ? { at: 1, value: [] } : undefined,
    }
  }

  #below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

function idOf(member: number): NodeId {
  return `n${member + 1}` as NodeId
}

const store = 'store-01' as StoreId
const start = 'start-01' as StartId
