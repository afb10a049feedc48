/**
 * How many rounds a change takes to all members: fan-out 1, push-pull, rounds of one second. Quick
 * rounds are switched off (a round while there is news is as long as any other), and a change of
 * address is not pushed, so what is left is the exchange of digests alone.
 */
import { defaultTiming } from '../../src/core/membership/timing.ts'
import { GossipWorld } from '../../test/helpers/gossip-world.ts'
import { acquainted, Changes } from './changes.ts'
import { GossipAloneWorld } from './gossip-alone.ts'
import { GossipModel } from './gossip-model.ts'
import { Postage } from './postage.ts'

export type SpreadJob = {
  readonly type: 'spread'
  readonly nodes: number
  readonly machine: 'membership' | 'gossip' | 'model'
  readonly changes: number
  /** A change so often, or where 0 the next one when the last one is everywhere. */
  readonly everyMs: number
  readonly seed: number
}

/** Rounds that each change took. */
export type SpreadResult = { readonly rounds: readonly number[] }

const roundMs = 1000
const even = { ...defaultTiming, roundMs, newsRoundMs: roundMs }

export function measureSpread(job: SpreadJob): SpreadResult {
  const source = sourceOf(job)
  for (let made = 0; made < job.changes; made++) {
    source.make()
    if (job.everyMs > 0) source.run(job.everyMs)
    else {
      while (source.under() > 0) source.run(50)
      // The next one begins at any point of a round.
      source.run((made * 137) % roundMs)
    }
  }
  for (let second = 0; second < 100 && source.under() > 0; second++) source.run(1000)
  if (source.under() > 0) throw new Error(`${source.under()} changes did not reach everybody`)
  return { rounds: source.spreads.map(ms => ms / roundMs) }
}

function sourceOf({ nodes, machine, seed }: SpreadJob) {
  if (machine === 'model') {
    const model = new GossipModel(nodes, seed, even)
    model.run(20_000)
    return {
      make: () => model.make(),
      run: (ms: number) => model.run(ms),
      under: () => model.under,
      spreads: model.spreads,
    }
  }
  const options = { timing: even, tickMs: 50 }
  if (machine === 'membership') return started(new GossipWorld(nodes, seed, options))
  return started(new GossipAloneWorld(nodes, seed, options))
}

function started<World extends GossipWorld | GossipAloneWorld>(world: World) {
  const postage = new Postage()
  world.carry = postage.carry
  const changes = changesIn(world)
  return {
    make: () => changes.make(),
    run: (ms: number) => void world.run(ms),
    under: () => changes.under,
    spreads: changes.spreads,
  }
}

function changesIn(world: GossipWorld | GossipAloneWorld) {
  const changes = world instanceof GossipWorld ? new Changes(world) : new Changes(world)
  const known = world instanceof GossipWorld ? acquainted(world) : acquainted(world)
  if (!known) throw new Error('the members did not get to know each other')
  return changes
}
