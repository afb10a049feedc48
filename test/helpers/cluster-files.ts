/** `cluster.json` and `secret.json` of a fake cluster, in a directory of the test's. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexOf } from '../../src/core/binary.ts'
import type { FakeCluster } from './fake-cluster.ts'

export function clusterJson(cluster: FakeCluster, name = 'demo'): Record<string, unknown> {
  return {
    formatVersion: 1,
    id: hexOf(cluster.id),
    name,
    createdAt: 1_700_000_000_000,
    replicas: Math.min(3, cluster.names.length),
    readQuorum: Math.min(2, cluster.names.length),
    writeQuorum: Math.min(2, cluster.names.length),
    partitions: 16,
    fallbacks: 3,
    durability: 'durable',
    hash: 'sha256',
    security: { mode: 'secret', tls: 'off' },
    operator: null,
    basePort: 0,
    foundersMarked: true,
    valueBytesMax: 1024 * 1024,
    readRepair: 'blocking',
    hintQuota: 0.1,
    nodes: cluster.names.map((node, i) => ({
      name: node,
      host: '127.0.0.1',
      port: cluster.port(node),
      zone: 'a',
      weight: 1,
      store: `000000000000000${i}`,
      intent: 'up',
    })),
  }
}

export function writeClusterFiles(cluster: FakeCluster, directory: string, name = 'demo'): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, 'cluster.json'), JSON.stringify(clusterJson(cluster, name)))
  return writeSecret(cluster, join(directory, 'secret.json'))
}

export function writeSecret(cluster: FakeCluster, path: string, mode = 0o600): string {
  writeFileSync(path, cluster.secretText)
  chmodSync(path, mode)
  return path
}
