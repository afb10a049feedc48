/**
 * The demo: real data through a real cluster, every byte compared, a node killed on the way, a
 * conflict made and settled. It is as much a test as a show: any difference fails it.
 */
import { type Client, connect } from '../client/index.ts'
import { CliError } from './cli-error.ts'
import { given } from './data-command.ts'
import type { DemoCluster } from './demo-cluster.ts'
import type { DemoRecord } from './demo-data.ts'
import { shownDuration } from './duration.ts'
import { pipelined } from './pipelined.ts'
import { Progress, shownCount } from './progress.ts'
import { ringLines, ringView } from './ring-view.ts'

export type DemoCounts = {
  readonly records: number
  readonly bytes: number
  /** Reads that were compared byte for byte, through all nodes. */
  readonly reads: number
  readonly mismatches: number
  /** Reads and writes with one node dead. */
  readonly readsAfterKill: number
  readonly writesAfterKill: number
}

export type DemoOptions = {
  readonly signal: AbortSignal
  readonly quiet: boolean
  /** One line about a step. */
  readonly tell: (line: string) => void
}

type Demo = {
  readonly client: Client
  readonly cluster: DemoCluster
  readonly options: DemoOptions
}

const callMs = 30_000
const putsInFlight = 256
const readsInFlight = 256
const sampleAfterKill = 2000
const newAfterKill = 1000

/** All steps, in the order of the story. Throws what a request fails with. */
export async function runDemo(
  cluster: DemoCluster,
  paths: number,
  source: AsyncIterable<DemoRecord>,
  options: DemoOptions,
): Promise<DemoCounts> {
  const client = await connect({ cluster: cluster.directory, timeoutMs: callMs })
  try {
    const demo = { client, cluster, options }
    const records = await imported(demo, paths, source)
    const read = await readBack(demo, records)
    const after = await livedOn(demo, records)
    const conflict = await conflictSettled(demo)
    for (const line of ringLines(ringView(await client.view()))) options.tell(line)
    return {
      records: records.length,
      bytes: records.reduce((sum, { value }) => sum + value.length, 0),
      reads: read.reads + after.reads,
      mismatches: read.mismatches + after.mismatches + conflict,
      readsAfterKill: after.reads,
      writesAfterKill: after.writes,
    }
  } finally {
    await client.close()
  }
}

async function imported(
  { client, options }: Demo,
  total: number,
  source: AsyncIterable<DemoRecord>,
): Promise<readonly DemoRecord[]> {
  const records: DemoRecord[] = []
  const put = async (record: DemoRecord) => {
    await client.put(record.key, record.value, { signal: options.signal })
    return record
  }
  await timed(options, 'imported', async () => {
    const progress = new Progress('importing', total, options.quiet)
    for await (const record of pipelined(source, putsInFlight, put)) {
      progress.show(records.push(record))
    }
    progress.end()
    return `${shownCount(records.length)} records, each durable on two nodes at least`
  })
  return records
}

/** Every record through every node. */
async function readBack({ client, cluster, options }: Demo, records: readonly DemoRecord[]) {
  let mismatches = 0
  let reads = 0
  await timed(options, 'read back', async () => {
    const progress = new Progress('reading', records.length * cluster.nodes.length, options.quiet)
    const reader = compared(client, options.signal)
    for await (const same of pipelined(pairs(records, cluster.nodes), readsInFlight, reader)) {
      if (!same) mismatches++
      progress.show(++reads)
    }
    progress.end()
    return `every record through each of ${cluster.nodes.length} nodes, ${mismatches} differences`
  })
  return { reads, mismatches }
}

/** One node dies; a part of the records is read, and new ones are written and read. */
async function livedOn({ client, cluster, options }: Demo, records: readonly DemoRecord[]) {
  const [victim, ...others] = [...cluster.nodes].reverse()
  if (victim === undefined) throw new CliError('INTERNAL', 'the demo has no node to kill')
  await cluster.kill(victim)
  const { signal } = options
  const stride = Math.max(1, Math.floor(records.length / sampleAfterKill))
  const sample = records.filter((_, i) => i % stride === 0)
  const added = records
    .slice(0, newAfterKill)
    .map(({ key, value }) => ({ key: `late/${key}`, value }))
  let mismatches = 0
  let reads = 0
  await timed(options, `killed ${victim}`, async () => {
    const put = ({ key, value }: DemoRecord) => client.put(key, value, { signal })
    for await (const written of pipelined(added, putsInFlight, put)) {
      if (written.outcome.primaryAcks.length + written.outcome.fallbackAcks.length < 2) mismatches++
    }
    const through = pairs([...sample, ...added], others, 1)
    for await (const same of pipelined(through, readsInFlight, compared(client, signal))) {
      if (!same) mismatches++
      reads++
    }
    return `${shownCount(added.length)} writes and ${shownCount(reads)} reads went on without it`
  })
  return { reads, mismatches, writes: added.length }
}

/** Two writers who saw the same; both are kept until somebody who saw both decides. */
async function conflictSettled({ client, options }: Demo): Promise<number> {
  const key = 'demo/cart'
  const write = { signal: options.signal }
  const bytes = (text: string) => new TextEncoder().encode(text)
  await client.put(key, bytes('tea'), write)
  const { context } = await client.get(key, write)
  await client.put(key, bytes('tea, milk'), { ...write, context })
  await client.put(key, bytes('tea, rum'), { ...write, context })
  const both = await client.get(key, write)
  const kept = both.found && both.conflict ? both.siblings.length : 0
  await client.put(key, bytes('tea, milk, rum'), { ...write, context: both.context })
  const settled = await compared(
    client,
    options.signal,
  )({
    record: { key, value: bytes('tea, milk, rum') },
    node: undefined,
  })
  options.tell(`conflict: two writes with one context, ${kept} versions kept, then settled`)
  return kept === 2 && settled ? 0 : 1
}

type Pair = { readonly record: DemoRecord; readonly node: string | undefined }

/** Each record with every node, or with `count` of them in turn. */
function* pairs(
  records: readonly DemoRecord[],
  nodes: readonly string[],
  count = nodes.length,
): Generator<Pair> {
  let next = 0
  for (const record of records) {
    for (let i = 0; i < count; i++) yield { record, node: nodes[next++ % nodes.length] }
  }
}

/** Reads the record and says whether it is the same byte for byte. */
function compared(client: Client, signal: AbortSignal): (pair: Pair) => Promise<boolean> {
  return async ({ record, node }) => {
    const entry = await client.get(record.key, { signal, ...given({ via: node }) })
    if (!entry.found || entry.conflict) return false
    return Buffer.compare(entry.value, record.value) === 0
  }
}

async function timed(options: DemoOptions, what: string, step: () => Promise<string>) {
  const begun = performance.now()
  const result = await step()
  options.tell(`${what}: ${result} (${shownDuration(performance.now() - begun)})`)
}
