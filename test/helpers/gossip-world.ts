/** A world in which every node runs all of membership. */
import type { MemberStatus } from '../../src/core/membership/beliefs.ts'
import { Membership } from '../../src/core/membership/membership.ts'
import type { MembershipEnv } from '../../src/core/membership/roster.ts'
import { MachineWorld } from './machine-world.ts'

export class GossipWorld extends MachineWorld<Membership> {
  statuses(id: string): Readonly<Record<string, MemberStatus>> {
    const { beliefs } = this.node(id).membership.beliefs(this.now)
    return Object.fromEntries(beliefs.map(belief => [belief.node, belief.status]))
  }

  /** What every living, unpaused node thinks of one. */
  opinions(of: string): MemberStatus[] {
    const opinions: MemberStatus[] = []
    for (const node of this.nodes.values()) {
      if (!node.up || node.paused || node.id === of) continue
      opinions.push(this.statuses(node.id)[of] ?? 'alive')
    }
    return opinions
  }

  protected override machine(env: MembershipEnv): Membership {
    return new Membership(env)
  }
}
