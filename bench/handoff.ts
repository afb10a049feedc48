/**
 * `npm run bench:handoff`: how fast hints go home to an idle owner (issue 5: 20,000 small objects
 * a second). Five nodes; one is killed, keys are written without it, it starts again, and the
 * hints that are left are counted until there are none.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, connect } from '../src/client/index.ts'
import { destroy } from '../src/cluster/down.ts'
import { actOnNodes } from '../src/cluster/node-action.ts'
import { bringUpHere } from '../src/cluster/up.ts'

const { values: flags } = parseArgs({
  options: {
    keys: { type: 'string', default: '100000' },
    bytes: { type: 'string', default: '64' },
  },
})
const timeoutMs = 60_000
const away = 'n5'
const holders = ['n1', 'n2', 'n3', 'n4']
const home = mkdtempSync(join(tmpdir(), 'kv-bench-'))
const directory = join(home, 'handoff')

try {
  process.stdout.write(`${JSON.stringify(await run())}\n`)
} finally {
  await destroy(directory, timeoutMs)
  rmSync(home, { recursive: true, force: true })
}

async function run() {
  const wanted = { nodes: 5, basePort: 0 }
  await bringUpHere({ directory, name: 'handoff', wanted, timeoutMs, taken: new Map(), home })
  const client = await connect({ cluster: directory })
  try {
    await actOnNodes(directory, [away], 'kill', timeoutMs)
    await fill(client, Number(flags.keys), Number(flags.bytes))
    const hints = await count(client)
    await actOnNodes(directory, [away], 'start', timeoutMs)
    return { hints, ...(await watch(client, hints)) }
  } finally {
    await client.close()
  }
}

async function fill(client: Client, keys: number, bytes: number): Promise<void> {
  const value = 'v'.repeat(bytes)
  let next = 0
  const lane = async () => {
    while (next < keys) await client.put(`key-${next++}`, value)
  }
  await Promise.all(Array.from({ length: 256 }, lane))
}

/** From the first hint that went to the last; the owner is idle but for them. */
async function watch(client: Client, hints: number) {
  let began = 0
  let left = hints
  let first = hints
  for (;;) {
    const now = await count(client)
    if (began === 0 && now < left) {
      began = performance.now()
      first = now
    }
    left = now
    if (left === 0) break
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const seconds = (performance.now() - began) / 1000
  return { measured: first, seconds, perSecond: Math.round(first / seconds) }
}

async function count(client: Client): Promise<number> {
  const replies = await Promise.all(holders.map(node => client.hints(node)))
  return replies.flatMap(({ owners }) => owners).reduce((sum, { hints }) => sum + hints, 0)
}
