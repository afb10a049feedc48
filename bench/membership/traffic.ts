/** Bytes that a node sends a second, at rest and in the busiest second after a change. */
import { defaultTiming } from '../../src/core/membership/timing.ts'
import { GossipWorld } from '../../test/helpers/gossip-world.ts'
import { acquainted, Changes } from './changes.ts'
import { GossipModel } from './gossip-model.ts'
import { Postage } from './postage.ts'

export type TrafficJob = {
  readonly type: 'traffic'
  readonly nodes: number
  readonly machine: 'membership' | 'model'
  readonly restSeconds: number
  readonly changes: number
  readonly seed: number
}

export type TrafficResult = {
  readonly rest: number
  /** The median of all changes. */
  readonly busiest: number
}

/** Quick rounds last less than this, also for 10,000. */
const changeSeconds = 6

type Source = {
  readonly bytes: () => number
  readonly run: (ms: number) => void
  readonly make: () => void
}

export function measureTraffic(job: TrafficJob): TrafficResult {
  const { nodes, restSeconds, changes } = job
  const source = job.machine === 'model' ? ofModel(job) : ofWorld(job)
  const bytes = source.bytes()
  source.run(restSeconds * 1000)
  const rest = (source.bytes() - bytes) / nodes / restSeconds
  const busiest: number[] = []
  for (let i = 0; i < changes; i++) {
    source.make()
    const seconds = Array.from({ length: changeSeconds }, () => {
      const before = source.bytes()
      source.run(1000)
      return (source.bytes() - before) / nodes
    })
    busiest.push(Math.max(...seconds))
  }
  busiest.sort((a, b) => a - b)
  return {
    rest,
    busiest: busiest[Math.floor(busiest.length / 2)] ?? 0,
  }
}

function ofWorld({ nodes, seed }: TrafficJob): Source {
  const world = new GossipWorld(nodes, seed, { tickMs: 50 })
  const postage = new Postage()
  world.carry = postage.carry
  if (!acquainted(world)) throw new Error('the members did not get to know each other')
  const changes = new Changes(world)
  // The news of the start has cooled down.
  world.run(8000)
  return {
    bytes: () => postage.bytes,
    run: ms => void world.run(ms),
    make: () => changes.make(),
  }
}

function ofModel({ nodes, seed }: TrafficJob): Source {
  const sampled = 20
  const model = new GossipModel(nodes, seed, defaultTiming, sampled)
  model.run(20_000)
  return {
    bytes: () => model.postage.bytes * sampled,
    run: ms => model.run(ms),
    make: () => model.make(),
  }
}
