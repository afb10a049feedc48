/** Changes on their way: a member listens elsewhere, and it is noted when the last one knows. */
import type { NodeId } from '../../src/core/ids.ts'
import type { Profile } from '../../src/core/membership/member-state.ts'
import type { Membership } from '../../src/core/membership/membership.ts'
import type { Machine, MachineWorld } from '../../test/helpers/machine-world.ts'

type Spreading = Pick<Membership, 'listening'> & {
  profileOf(node: NodeId): Profile | undefined
}

type Change = { readonly at: number; readonly port: number; known: number }

export class Changes<M extends Machine & Spreading> {
  /** Milliseconds from a change until all members know it. */
  readonly spreads: number[] = []
  readonly #world: MachineWorld<M>
  readonly #under = new Map<NodeId, Change>()
  #made = 0

  constructor(world: MachineWorld<M>) {
    this.#world = world
    world.onChange = (change, at) => {
      if (change.type === 'address') this.#learnt(change.node, at)
    }
  }

  /** Changes that not everybody knows yet. */
  get under(): number {
    return this.#under.size
  }

  /** One member, another each time, has a new address. */
  make(): void {
    const world = this.#world
    const ids = [...world.nodes.keys()]
    let id = ids[(this.#made * stride) % ids.length] as NodeId
    while (this.#under.has(id)) id = ids[(ids.indexOf(id) + 1) % ids.length] as NodeId
    const port = 5000 + this.#made
    this.#made += 1
    this.#under.set(id, { at: world.now, port, known: 0 })
    const node = world.node(id)
    world.step(node, () => node.membership.listening(world.now, '127.0.0.1', port))
  }

  #learnt(node: NodeId, at: NodeId): void {
    const change = this.#under.get(node)
    const { membership } = this.#world.node(at)
    if (change === undefined || membership.profileOf(node)?.port !== change.port) return
    change.known += 1
    if (change.known < this.#world.nodes.size) return
    this.#under.delete(node)
    this.spreads.push(this.#world.now - change.at)
  }
}

/** Knows no size of a cluster. */
const stride = 7919

/** Runs until every member knows every other one; false where that takes over two minutes. */
export function acquainted<M extends Machine & Spreading>(world: MachineWorld<M>): boolean {
  const ids = [...world.nodes.keys()]
  const knowsAll = (id: NodeId) => {
    const { membership } = world.node(id)
    return ids.every(other => membership.profileOf(other) !== undefined)
  }
  for (let second = 0; second < 120; second++) {
    world.run(1000)
    if (ids.every(knowsAll)) return true
  }
  return false
}
