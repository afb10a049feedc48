/** A cluster of replicas in which an operator repairs. */
import type { RepairPlan, RepairProgress } from '../../src/core/entropy/repair-message.ts'
import type { TokenRange } from '../../src/core/entropy/scope.ts'
import type { Token } from '../../src/core/ids.ts'
import { live, TestCluster } from './replicas.ts'

export const wholeRing: TokenRange = {
  first: '\x00'.repeat(8) as Token,
  last: '\xff'.repeat(8) as Token,
}

/** Nothing mends but what an operator asks for. */
export function calmCluster(nodes: number): TestCluster {
  const cluster = new TestCluster(nodes, { readRepair: 'off', readQuorum: 1 }, false)
  for (const { id } of cluster.nodes) {
    cluster.call(id, { type: 'exchange', id: 1, pause: true })
  }
  live(cluster, 10_000)
  return cluster
}

/** Writes keys which these nodes hear nothing of. */
export function putWithout(cluster: TestCluster, keys: readonly string[], deaf: string[]): void {
  for (const key of keys) {
    const at = cluster.primaries(key).find(node => !deaf.includes(node)) ?? ''
    cluster.ask(at, cluster.put(key, `value of ${key}`, { w: 1 }))
    cluster.settle(({ from, to }) => !deaf.includes(from) && !deaf.includes(to))
  }
}

/** The plan of a repair of the whole ring. */
export const everything: RepairPlan = {
  way: 'repair',
  ranges: [wholeRing],
  node: undefined,
  silent: [],
  concurrency: 4,
  keysPerSecond: undefined,
  bytesPerSecond: undefined,
}

/** Has every node begin; ends once none runs any more, or throws. */
export function repair(
  cluster: TestCluster,
  more: Partial<RepairPlan> = {},
  msMax = 60_000,
  job = `r-${cluster.now}`,
): readonly RepairProgress[] {
  const begin: RepairPlan = { ...everything, ...more }
  const nodes = cluster.nodes.filter(({ id, halted }) => !begin.silent.includes(id) && !halted)
  for (const { id } of nodes)
    cluster.call(id, { type: 'repair', id: 5, job, begin, cancel: false, movesFrom: 0 })
  for (let passed = 0; passed < msMax; passed += 100) {
    live(cluster, 100, undefined, 20)
    const all = nodes.map(({ id }) => progressOf(cluster, id, job))
    if (all.every(({ running }) => !running)) return all
  }
  throw new Error('the repair does not end')
}

export function progressOf(cluster: TestCluster, node: string, job = ''): RepairProgress {
  const reply = cluster.call(node, {
    type: 'repair',
    id: 6,
    job,
    begin: undefined,
    cancel: false,
    movesFrom: 0,
  })
  if (reply?.type !== 'repair-is' || reply.progress === undefined) throw new Error('no progress')
  return reply.progress
}

export function sumOf(all: readonly RepairProgress[], field: 'keys' | 'copies' | 'bytes'): number {
  return all.reduce((sum, one) => sum + one[field], 0)
}
