/** Who there is, how the cluster is set, and who owns which key: all of it follows from the options. */
import { defaultExchangeTiming, type ExchangeTiming } from '../core/entropy/timing.ts'
import { partitionOf, tokenOf } from '../core/hash.ts'
import type { Key, NodeId } from '../core/ids.ts'
import type { ClusterSettings, MemberRecord } from '../core/message.ts'
import { claim } from '../core/ring/claim.ts'
import { simHash } from './hash.ts'
import type { Options } from './options.ts'

export function nodeNames(options: Options): readonly NodeId[] {
  return Array.from({ length: options.nodes }, (_, i) => `n${i + 1}` as NodeId)
}

export function membersOf(options: Options): readonly MemberRecord[] {
  return nodeNames(options).map((id, i) => ({
    id,
    host: '127.0.0.1',
    port: 4701 + i,
    weight: 1,
    zone: '',
    key: undefined,
    statement: undefined,
  }))
}

export function settingsOf(options: Options): ClusterSettings {
  return {
    replicas: options.replicas,
    readQuorum: options.readQuorum,
    writeQuorum: options.writeQuorum,
    partitions: options.partitions,
    fallbacks: Math.min(3, options.nodes - options.replicas),
    valueBytesMax: 1024 * 1024,
    readRepair: options.layersOff.includes('read repair') ? 'off' : 'blocking',
  }
}

/** Often: while faults last, and as of a moment that most writes have reached everybody by. */
export function exchangeTimingOf({ exchanges }: Options): ExchangeTiming {
  if (exchanges === 'usual') return defaultExchangeTiming
  return { cutAgeMs: 1000, skewMs: 500, pauseMs: 1000, passMsMax: 5000 }
}

export type Home = { readonly primaries: readonly NodeId[]; readonly fallbacks: readonly NodeId[] }

/** Tells of each key who owns it, and who stands in. */
export function homesOf(options: Options): (key: Key) => Home {
  const ring = claim(simHash, membersOf(options), settingsOf(options))
  return key => {
    const partition = partitionOf(tokenOf(simHash, key), options.partitions)
    return { primaries: ring.lists[partition] ?? [], fallbacks: ring.fallbacks[partition] ?? [] }
  }
}
