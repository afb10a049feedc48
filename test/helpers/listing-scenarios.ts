/**
 * What a listing could get wrong, as short plays: each says what it listed. Run with the code as
 * it is, and with each known-bad version by `test/scenarios/listing.ts`.
 */
import type { NodeId } from '../../src/core/ids.ts'
import type { ClientReply } from '../../src/core/message.ts'
import { codeOf, contextOf, live, TestCluster } from './replicas.ts'

function scan(cluster: TestCluster) {
  const { epoch } = cluster
  const page = { prefix: '', after: '', limit: 1000, partial: false }
  return { type: 'scan', id: 3, epoch, timeLeft: 5000, ...page } as const
}

function shown(reply: ClientReply | undefined): string {
  return reply?.type === 'page' ? `[${reply.keys}]` : `${codeOf(reply)}`
}

/** One replica has not heard of a delete that two acknowledged. */
export function missedDelete(): string {
  const cluster = new TestCluster(3)
  live(cluster, 500)
  const context = contextOf(cluster.call('n1', cluster.put('k', 'v', { w: 3 })))
  cluster.ask('n1', cluster.put('k', undefined, { context }))
  cluster.settle(({ to, message }) => to !== 'n3' || message.type !== 'store')
  return shown(cluster.call('n3', scan(cluster)))
}

/** Of the two that acknowledged a put one has lost its disk, and the other one is away. */
export function unwholeStore(): string {
  const cluster = new TestCluster(3)
  live(cluster, 500)
  const cut = (node: string, other: string) =>
    cluster.node(node).step({ type: 'disconnected', node: other as NodeId })
  for (const id of ['n2', 'n3']) cut(id, 'n1')
  cluster.ask('n2', cluster.put('order', 'v', { strict: true }))
  cluster.settle(({ from, to }) => from !== 'n1' && to !== 'n1')
  cluster.node('n3').wipe()
  const without2 = ({ from, to }: { from: string; to: string }) => from !== 'n2' && to !== 'n2'
  cut('n1', 'n2')
  cut('n3', 'n2')
  cluster.node('n1').step({ type: 'connected', node: 'n3' as NodeId })
  cluster.node('n3').step({ type: 'connected', node: 'n1' as NodeId })
  live(cluster, 3000, without2)
  cluster.ask('n1', scan(cluster))
  cluster.settle(without2)
  return shown(cluster.node('n1').replies.at(-1))
}

export const scenarios = { missedDelete, unwholeStore }
