/** A node that stops for ten seconds: how soon it is back, and whether it blames others for it. */
import { GossipWorld } from '../../test/helpers/gossip-world.ts'
import { Verdicts } from './verdicts.ts'

/** Five nodes in each world. */
export type PauseJob = { readonly type: 'pause'; readonly worlds: number; readonly seed: number }

export type PauseResult = {
  /** Seconds from its waking until all others call it alive. */
  readonly seconds: readonly number[]
  /** Worlds in which all others had called it down. */
  readonly down: number
  /** Others that somebody called down. */
  readonly false: number
}

export function measurePause({ worlds, seed }: PauseJob): PauseResult {
  const results = Array.from({ length: worlds }, (_, i) => pauseOnce(seed + i))
  return {
    seconds: results.map(({ seconds }) => seconds),
    down: results.filter(({ down }) => down).length,
    false: results.reduce((sum, one) => sum + one.false, 0),
  }
}

function pauseOnce(seed: number) {
  const world = new GossipWorld(5, seed)
  world.run(3000 + ((seed * 137) % 1000))
  const verdicts = new Verdicts(world)
  const node = world.node('n4')
  node.paused = true
  world.run(10_000)
  const down = verdicts.against(node.id) === 4
  node.paused = false
  const woke = world.now
  const isBack = () => world.opinions('n4').every(status => status === 'alive')
  if (!world.run(30_000, isBack)) throw new Error(`seed ${seed}: it did not come back`)
  const seconds = (world.now - woke) / 1000
  world.run(5000)
  return { seconds, down, false: verdicts.false }
}
