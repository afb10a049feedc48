/**
 * What comparing costs while nothing differs: two equal pairs of nodes at rest, one of which
 * does not compare; then 5,000 writes a second, which must not look like differences; then what
 * goes on once 1,000 differences were mended.
 */
import { fileURLToPath } from 'node:url'
import { connect } from '../../src/client/index.ts'
import { entryOf, nextOf, valueBytes } from './data-set.ts'
import { type Name, names, type Pair } from './pair.ts'
import { edit } from './stopped-store.ts'

export type AtRest = {
  readonly seconds: number
  /** Parts of a core, of the busier node of each pair. */
  readonly comparing: number
  readonly notComparing: number
  readonly bytesPerSecond: number
  readonly comparisons: number
}
export type UnderWrites = {
  readonly seconds: number
  readonly writesPerSecond: number
  /** Comparisons that ended; those that found something; objects that went over the wire. */
  readonly comparisons: number
  readonly different: number
  readonly repaired: number
}
export type AfterHealing = {
  readonly repaired: number
  /** In the time after that. */
  readonly seconds: number
  readonly repairedThen: number
  readonly bytesPerSecond: number
}

/** Both pairs hold the same and are stopped, before and after. */
export async function measureAtRest(comparing: Pair, other: Pair): Promise<AtRest> {
  const noExchange = fileURLToPath(new URL('./no-exchange.js', import.meta.url))
  await comparing.startBoth()
  await other.startBoth('--import', noExchange)
  await comparing.untilEqual()
  await comparing.frames()
  const before = await Promise.all([comparing, other].map(cpuMs))
  await pause(restSeconds)
  const after = await Promise.all([comparing, other].map(cpuMs))
  const frames = await comparing.frames()
  await Promise.all([comparing.stopBoth(), other.stopBoth()])
  const share = (pair: number) => {
    const more = names.map((_, i) => (after[pair]?.[i] ?? 0) - (before[pair]?.[i] ?? 0))
    return Math.max(...more) / (restSeconds * 1000)
  }
  return {
    seconds: restSeconds,
    comparing: share(0),
    notComparing: share(1),
    bytesPerSecond: frames.reduce((sum, { bytes }) => sum + bytes, 0) / restSeconds,
    comparisons: frames.filter(({ type }) => type === 'compared').length,
  }
}

export async function measureUnderWrites(pair: Pair, keys: number): Promise<UnderWrites> {
  await pair.startBoth()
  await pair.untilEqual()
  const before = await countsOf(pair)
  const began = performance.now()
  const writes = await writeFor(pair, keys)
  const seconds = (performance.now() - began) / 1000
  const counts = await countsOf(pair)
  await pair.stopBoth()
  const comparisons = counts.passes - before.passes
  return {
    seconds,
    writesPerSecond: writes / seconds,
    comparisons,
    different: comparisons - (counts.equal - before.equal),
    repaired: counts.repaired - before.repaired,
  }
}

export async function measureAfterHealing(pair: Pair, from: number): Promise<AfterHealing> {
  const edits = Array.from({ length: healed }, (_, i) => {
    return { number: from + i, make: (base: Parameters<typeof nextOf>[0]) => nextOf(base, 'h', i) }
  })
  await edit(pair.place('n2'), edits)
  await pair.startBoth()
  await pair.untilEqual()
  await pair.frames()
  const { repaired } = await countsOf(pair)
  await pause(restSeconds)
  const frames = await pair.frames()
  const then = await countsOf(pair)
  await pair.stopBoth()
  return {
    repaired,
    seconds: restSeconds,
    repairedThen: then.repaired - repaired,
    bytesPerSecond: frames.reduce((sum, { bytes }) => sum + bytes, 0) / restSeconds,
  }
}

/** Puts of keys that exist, as many a second as wanted where the machine can; how many. */
async function writeFor(pair: Pair, keys: number): Promise<number> {
  const client = await connect({ cluster: pair.cluster.directory, maxInFlight: 4096 })
  const value = 'w'.repeat(valueBytes)
  const began = performance.now()
  let sent = 0
  const lane = async () => {
    for (let ms = 0; ms < writeSeconds * 1000; ms = performance.now() - began) {
      if (sent >= (ms / 1000) * writesPerSecond)
        await new Promise(resolve => setTimeout(resolve, 1))
      else await client.put(entryOf((sent++ * stride) % keys).key, value)
    }
  }
  await Promise.all(Array.from({ length: 512 }, lane))
  await client.close()
  return sent
}

async function countsOf(pair: Pair) {
  const counters = await Promise.all(names.map(name => pair.counters(name)))
  const sum = (counter: string) => {
    return counters.reduce((total, one) => total + (one.get(counter) ?? 0), 0)
  }
  return {
    passes: sum('exchanges'),
    equal: sum('exchangesEqual'),
    repaired: sum('exchangeRepaired'),
  }
}

/** Of each node. */
function cpuMs(pair: Pair): Promise<readonly number[]> {
  const of = async (name: Name) => {
    const counters = await pair.counters(name)
    return ((counters.get('cpuUserUs') ?? 0) + (counters.get('cpuSystemUs') ?? 0)) / 1000
  }
  return Promise.all(names.map(of))
}

function pause(seconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, seconds * 1000))
}

const restSeconds = 60
const writeSeconds = 45
const writesPerSecond = 5000
const healed = 1000
const stride = 7919
