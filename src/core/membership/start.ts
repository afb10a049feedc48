/** What membership begins with when a process starts: its view, its own life, its luck. */
import { uint48Of } from '../binary.ts'
import { drawBelow, type Random } from '../draw.ts'
import type { Env } from '../step.ts'
import type { Directory } from './directory.ts'
import type { Profile } from './member-state.ts'
import { Membership } from './membership.ts'
import { defaultTiming } from './timing.ts'

export function startMembership(env: Env, directory: Directory): Membership {
  const { self, hash, random } = env
  return new Membership({
    self,
    hash,
    random,
    view: directory.view,
    profile: profileOf(env),
    incarnation: directory.incarnationOf(self) + (env.whole ? 1 : drawnStep(random)),
    firstId: Math.floor(uint48Of(random(6)) / 4),
    timing: env.timing ?? defaultTiming,
  })
}

/**
 * A store that is not whole may be another one than the node had: its incarnations must not meet
 * those of the life that it does not know, or others would mix the two.
 */
function drawnStep(random: Random): number {
  return 1 + drawBelow(random, 2 ** 16)
}

/** What this node says of itself until its port is bound. */
function profileOf({ self, members, store, start }: Env): Profile {
  const { host, port } = members.find(member => member.id === self) ?? { host: '', port: 0 }
  return { host, port, store, start, status: 'alive' }
}
