/**
 * Two real node processes that hold the same partitions, with a tap on what they say to each
 * other (`wire-tap.ts`): started, watched until they are equal, stopped.
 */
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { binaryOfHex } from '../../src/core/binary.ts'
import type { ClusterId, NodeId, StoreId } from '../../src/core/ids.ts'
import { coreSecrets } from '../../src/wire/secret.ts'
import { NodeCluster } from '../../test/helpers/node-processes.ts'
import type { StorePlace } from './stopped-store.ts'
import type { TappedFrame, TapReport } from './wire-tap.ts'

export const names = ['n1', 'n2'] as const
export type Name = (typeof names)[number]
/** The default of a cluster. */
const partitions = 256

export class Pair {
  readonly cluster: NodeCluster

  private constructor(cluster: NodeCluster) {
    this.cluster = cluster
  }

  static async make(directory: string): Promise<Pair> {
    const cluster = await NodeCluster.make(directory, names.length)
    cluster.write({ ...cluster.file, partitions })
    return new Pair(cluster)
  }

  /** Where a node keeps its store; only while it does not run. */
  place(name: Name): StorePlace {
    const { directory, file, secret } = this.cluster
    const entry = file.nodes.find(node => node.name === name)
    const founder = { store: binaryOfHex(entry?.store ?? '') as StoreId }
    return {
      options: {
        directory: join(directory, 'nodes', name),
        cluster: binaryOfHex(file.id) as ClusterId,
        node: name as NodeId,
        durability: file.durability,
        create: true,
        founder,
      },
      digestKey: coreSecrets(secret).digest,
      partitions,
    }
  }

  /** Milliseconds until it said that it answers. */
  async start(name: Name, ...nodeFlags: readonly string[]): Promise<number> {
    this.cluster.nodeFlags = ['--import', tap, ...nodeFlags]
    const began = performance.now()
    await this.cluster.start(name)
    return performance.now() - began
  }

  async startBoth(...nodeFlags: readonly string[]): Promise<void> {
    await Promise.all(names.map(name => this.start(name, ...nodeFlags)))
    await Promise.all(names.map(name => this.cluster.untilConnected(name)))
  }

  async stopBoth(): Promise<void> {
    await Promise.all(names.map(name => this.cluster.kill(name, 'SIGTERM')))
  }

  async counters(name: Name): Promise<ReadonlyMap<string, number>> {
    const client = await this.cluster.client(name)
    const { counters } = await client.status()
    await client.close()
    return new Map(counters)
  }

  /** Until a comparison has found the two equal, once their trees are counted. */
  async untilEqual(): Promise<void> {
    for (;;) {
      // The lower name asks.
      const counters = await this.counters('n1')
      if ((counters.get('exchangesEqual') ?? 0) > 0) return
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** What both said since the last call, in the order of time. */
  async frames(): Promise<readonly TappedFrame[]> {
    const both = await Promise.all(
      names.map(async name => {
        const { child } = this.cluster.running.get(name)!
        const told = once(child, 'message') as Promise<[TapReport]>
        child.send({ type: 'tap' })
        return (await told)[0].frames
      }),
    )
    return both.flat().sort((a, b) => a.at - b.at)
  }

  end(): Promise<void> {
    return this.cluster.end()
  }
}

const tap = fileURLToPath(new URL('./wire-tap.js', import.meta.url))
