/** How long a crash takes to be *down* everywhere, and how often somebody is who is not. */
import type { NodeId } from '../../src/core/ids.ts'
import { GossipWorld } from '../../test/helpers/gossip-world.ts'
import { acquainted } from './changes.ts'
import { Verdicts } from './verdicts.ts'

/** One crash after the other, each down everywhere and back before the next. */
export type CrashJob = {
  readonly type: 'crash'
  readonly nodes: number
  readonly loss: number
  readonly crashes: number
  readonly seed: number
}

/** A node crashes every quarter of a second, and stays away. */
export type CrashesJob = Omit<CrashJob, 'type'> & { readonly type: 'crashes' }

/** Nobody crashes. */
export type SoakJob = {
  readonly type: 'soak'
  readonly nodes: number
  readonly loss: number
  readonly hours: number
  readonly seed: number
}

export type CrashResult = {
  readonly seconds: readonly number[]
  /** Crashes that were not down everywhere within a minute. */
  readonly never: number
}

export type SoakResult = {
  readonly false: number
  readonly suspicions: number
  readonly nodeHours: number
}

export function measureCrash({ nodes, loss, crashes, seed }: CrashJob): CrashResult {
  const { world, verdicts } = watched(nodes, loss, seed)
  const ids = [...world.nodes.keys()]
  let never = 0
  for (let i = 0; i < crashes; i++) {
    const id = ids[i % ids.length] as NodeId
    world.run(2000 + ((i * 137) % 1000))
    const { incarnation } = world.node(id).membership
    verdicts.crash(id)
    const gone = world.run(60_000, () => verdicts.pending === 0)
    if (!gone) never += 1
    world.restart(id, incarnation + 1)
    world.run(60_000, () => verdicts.against(id) === 0)
  }
  return resultOf(verdicts, never)
}

export function measureCrashes(job: CrashesJob): CrashResult & SoakResult {
  const { nodes, loss, crashes, seed } = job
  const { world, verdicts } = watched(nodes, loss, seed)
  const ids = [...world.nodes.keys()]
  const begun = world.now
  for (let i = 0; i < crashes; i++) {
    verdicts.crash(ids[(i * 7919) % ids.length] as NodeId)
    world.run(250)
  }
  world.run(60_000, () => verdicts.pending === 0)
  const nodeHours = (nodes * (world.now - begun)) / 3_600_000
  const { suspicions } = verdicts
  return {
    ...resultOf(verdicts, verdicts.pending),
    false: verdicts.false,
    suspicions,
    nodeHours,
  }
}

export function measureSoak({ nodes, loss, hours, seed }: SoakJob): SoakResult {
  const { world, verdicts } = watched(nodes, loss, seed)
  world.run(hours * 3_600_000)
  const { suspicions } = verdicts
  return { false: verdicts.false, suspicions, nodeHours: nodes * hours }
}

/** Loss begins when everybody knows everybody. */
function watched(nodes: number, loss: number, seed: number) {
  const world = new GossipWorld(nodes, seed, { tickMs: 50 })
  if (!acquainted(world)) throw new Error('the members did not get to know each other')
  world.run(5000)
  world.loss = loss
  return { world, verdicts: new Verdicts(world) }
}

function resultOf({ convictions }: Verdicts, never: number): CrashResult {
  return { seconds: convictions.map(ms => ms / 1000), never }
}
