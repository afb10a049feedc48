/** The clients of `greedy.ts`, in a process of their own; told over IPC what to do. */

import type { Key } from '../../src/core/ids.ts'
import type { SecretKey } from '../../src/wire/secret.ts'
import { RawClient } from '../helpers/raw-client.ts'

export type GreedyOrder = {
  readonly port: number
  readonly network: readonly SecretKey[]
  readonly bigKeys: number
  readonly stuck: number
  readonly gets: number
  readonly halves: number
  readonly readers: number
  readonly readerGets: number
}

export type GreedyTold =
  | { readonly type: 'at-work' }
  | { readonly type: 'ended'; readonly ended: Readonly<Record<string, number>> }

const halfBytes = 8 * 1024 * 1024
const timeLeftMs = 60_000

process.once('message', (order: GreedyOrder) => void work(order))
process.on('disconnect', () => process.exit(0))

async function work(order: GreedyOrder): Promise<void> {
  const open = () => opened(order)
  for (let i = 0; i < order.stuck; i++) {
    const client = await open()
    client.socket.pause()
    askAll(client, order.gets, order.bigKeys)
  }
  const half = Buffer.alloc(4 + halfBytes)
  half.writeUInt32BE(2 * halfBytes - 1)
  for (let i = 0; i < order.halves; i++) {
    const client = await open()
    client.socket.on('error', () => undefined)
    client.socket.write(half)
  }
  process.send?.({ type: 'at-work' } satisfies GreedyTold)
  if (order.readers === 0) return
  const ended: Record<string, number> = {}
  const count = (how: string) => {
    ended[how] = (ended[how] ?? 0) + 1
  }
  const clients = await Promise.all(Array.from({ length: order.readers }, open))
  const gets = clients.flatMap(client => askAll(client, order.readerGets, order.bigKeys))
  await Promise.all(gets.map(get => get.then(count)))
  process.send?.({ type: 'ended', ended } satisfies GreedyTold)
}

/** A node that is busy may hang up before the proof. */
async function opened(order: GreedyOrder): Promise<RawClient> {
  for (;;) {
    try {
      return await RawClient.open(order.port, order.network)
    } catch {
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}

function askAll(client: RawClient, count: number, keys: number): readonly Promise<string>[] {
  client.socket.on('error', () => undefined)
  client.together = true
  const replies = Array.from({ length: count }, (_, i) =>
    client
      .ask(
        {
          type: 'get',
          key: `big:${i % keys}` as Key,
          r: undefined,
          strict: false,
          repair: undefined,
          explain: false,
        },
        timeLeftMs,
      )
      .then(
        reply => (reply.type === 'failed' ? reply.failure.code : 'value'),
        () => 'closed',
      ),
  )
  client.flush()
  return replies
}
