/** `kv` run against nodes that answer what a test says (`fake-cluster.ts`). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Ran, runKv } from './cli-cluster.ts'
import { writeClusterFiles } from './cluster-files.ts'
import { FakeCluster } from './fake-cluster.ts'

export type FakeCli = {
  readonly cluster: FakeCluster
  readonly directory: string
  readonly kv: (words: readonly string[], input?: string) => Promise<Ran>
  /** The one document of a run with `--json`. */
  readonly json: (words: readonly string[], exit?: number) => Promise<unknown>
}

export async function fakeCli(t: Test, names?: readonly string[]): Promise<FakeCli> {
  const cluster = await FakeCluster.start(names)
  const home = mkdtempSync(join(tmpdir(), 'kv-fake-'))
  const directory = join(home, 'demo')
  writeClusterFiles(cluster, directory)
  t.teardown(async () => {
    await cluster.close()
    rmSync(home, { recursive: true, force: true })
  })
  const kv = (words: readonly string[], input?: string) =>
    runKv(words, { KV_CLUSTER: directory }, input)
  const json = async (words: readonly string[], exit = 0) => {
    const ran = await kv([...words, '--json'])
    t.match(ran, { exit, errors: '', text: /^\{.*\}\n$/ }, words.join(' '))
    return JSON.parse(ran.text)
  }
  return { cluster, directory, kv, json }
}
