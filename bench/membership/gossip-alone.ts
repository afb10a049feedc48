/** A world in which nodes only gossip: the real machine, without whatever watches and convicts. */
import type { Instant, NodeId } from '../../src/core/ids.ts'
import { Gossip } from '../../src/core/membership/gossip.ts'
import type { Load, Profile } from '../../src/core/membership/member-state.ts'
import {
  type MembershipChange,
  type MembershipEnv,
  Roster,
} from '../../src/core/membership/roster.ts'
import type { MembershipMessage } from '../../src/core/message.ts'
import type { Effect } from '../../src/core/step.ts'
import { type Machine, MachineWorld } from '../../test/helpers/machine-world.ts'

class GossipAlone implements Machine {
  readonly #roster: Roster
  readonly #gossip: Gossip

  constructor(env: MembershipEnv) {
    const roster = new Roster(env)
    this.#roster = roster
    this.#gossip = new Gossip(roster, {
      avoids: () => false,
      learnt: (_, before, after) => {
        if (before?.profile.at !== after.profile.at || before.incarnation !== after.incarnation) {
          roster.changed({ type: 'address', node: after.id })
        }
      },
    })
  }

  clock(): void {}

  heard(): void {}

  connected(_now: Instant, node: NodeId): void {
    this.#roster.connected.add(node)
  }

  tick(now: Instant, load: Load, out: Effect[]): void {
    this.#gossip.tick(now, load, out)
  }

  receive(now: Instant, from: NodeId, message: MembershipMessage, out: Effect[]): void {
    if (message.type === 'syn') this.#gossip.onSyn(now, from, message, out)
    if (message.type === 'syn-ack') this.#gossip.onSynAck(now, from, message, out)
    if (message.type === 'ack') this.#gossip.onDeltas(now, from, message, out)
  }

  takeChanges(): readonly MembershipChange[] {
    return this.#roster.takeChanges()
  }

  profileOf(node: NodeId): Profile | undefined {
    return this.#roster.table.state(node)?.profile.value
  }

  listening(now: Instant, host: string, port: number): void {
    const { profile, heartbeat } = this.#roster.own
    const value: Profile = { ...profile.value, host, port }
    this.#roster.setOwn(now, { profile: { at: heartbeat + 1, value } })
    this.#roster.changed({ type: 'address', node: this.#roster.env.self })
  }
}

export class GossipAloneWorld extends MachineWorld<GossipAlone> {
  protected override machine(env: MembershipEnv): GossipAlone {
    return new GossipAlone(env)
  }
}
