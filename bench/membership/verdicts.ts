/** Who calls whom *down*, in a world: when the last one does, and of whom it is not true. */
import type { NodeId } from '../../src/core/ids.ts'
import type { GossipWorld } from '../../test/helpers/gossip-world.ts'

export class Verdicts {
  /** Milliseconds from a crash until every living node called it down. */
  readonly convictions: number[] = []
  /**
   * Living members that somebody called down: one each time, however many did. Of one that was
   * started again it says nothing: for a while it is rightly called down for its past.
   */
  false = 0
  suspicions = 0
  readonly #world: GossipWorld
  readonly #by = new Map<NodeId, Set<NodeId>>()
  readonly #crashedAt = new Map<NodeId, number>()

  constructor(world: GossipWorld) {
    this.#world = world
    for (const id of world.nodes.keys()) this.#by.set(id, new Set())
    world.onNote = ({ event, detail }, by) => {
      if (event === 'suspect') this.suspicions += 1
      if (event === 'status')
        this.#judged(by, detail['node'] as NodeId, detail['status'] === 'down')
    }
  }

  /** No connection is closed: the machine is gone, not the process alone. */
  crash(id: NodeId): void {
    this.#world.node(id).up = false
    this.#crashedAt.set(id, this.#world.now)
    for (const [of, by] of this.#by) {
      by.delete(id)
      this.#settle(of)
    }
  }

  /** How many call it down. */
  against(id: NodeId): number {
    return this.#by.get(id)?.size ?? 0
  }

  /** Crashed, and not yet down everywhere. */
  get pending(): number {
    return this.#crashedAt.size
  }

  #judged(by: NodeId, of: NodeId, down: boolean): void {
    const accusers = this.#by.get(of)
    if (accusers === undefined) return
    if (!down) return void accusers.delete(by)
    const node = this.#world.node(of)
    if (node.up && !node.paused && accusers.size === 0) this.false += 1
    accusers.add(by)
    this.#settle(of)
  }

  #settle(of: NodeId): void {
    const at = this.#crashedAt.get(of)
    if (at === undefined) return
    let living = 0
    for (const node of this.#world.nodes.values()) if (node.up) living += 1
    if (this.against(of) < living) return
    this.#crashedAt.delete(of)
    this.convictions.push(this.#world.now - at)
  }
}
