/** Starts the floor's three nodes, and its client: sends to each in turn, and awaits. */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Contender, noFaults, quorum, type Usage } from './contender.ts'
import { Line, type Message, ops } from './floor-line.ts'
import type { KeySet } from './key-set.ts'

/** `recordBytes` is asked before each put: what the product's records have at that time. */
export async function startFloor(directory: string, recordBytes: () => number) {
  const children = ['a', 'b', 'c'].map(name => {
    mkdirSync(join(directory, name), { mode: 0o700 })
    const entry = fileURLToPath(new URL('./floor-node.js', import.meta.url))
    return fork(entry, [join(directory, name)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  })
  const ports = await Promise.all(
    children.map(child => {
      return new Promise<number>(resolve => child.once('message', m => resolve(portIn(m))))
    }),
  )
  for (const [i, child] of children.entries()) child.send(ports.filter((_, at) => at !== i))
  const waiting = new Map<number, (value: unknown) => void>()
  const lines = ports.map(port => new Line(connect(port, '127.0.0.1'), settle))
  let lastId = 0

  function settle([, id, value]: Message): void {
    waiting.get(id)?.(value)
    waiting.delete(id)
  }

  function ask(line: Line | undefined, op: number, ...rest: unknown[]): Promise<unknown> {
    const id = ++lastId
    line?.send([op, id, ...rest])
    return new Promise(resolve => waiting.set(id, resolve))
  }

  async function usage(): Promise<Usage> {
    const sum = { userUs: 0, systemUs: 0, commits: 0, rows: 0 }
    for (const line of lines) {
      const one = (await ask(line, ops.status)) as Record<string, number>
      sum.userUs += one['user'] ?? 0
      sum.systemUs += one['system'] ?? 0
      sum.commits += one['commits'] ?? 0
      sum.rows += one['rows'] ?? 0
    }
    return sum
  }

  /** Rows under the key's hash, as the product has them, or under ascending keys. */
  function contender(name: string, keys: KeySet, hashed: boolean): Contender {
    const rows = Array.from({ length: keys.size }, (_, key) => rowKey(keys.name(key), hashed))
    const faults = noFaults()
    return {
      name,
      faults,
      usage,
      put: async key => {
        const line = lines[lastId % lines.length]
        await ask(line, ops.put, rows[key], keys.nextValue(key), recordBytes())
      },
      get: async key => {
        const value = await ask(lines[lastId % lines.length], ops.get, rows[key])
        if (!keys.holds(key, value as Buffer | undefined)) faults.mismatches++
      },
      verify: async sample => {
        for (const key of sample) {
          const held = await Promise.all(lines.map(line => ask(line, ops.peek, rows[key])))
          const copies = held.filter(value => keys.holds(key, value as Buffer | undefined))
          if (copies.length < quorum) faults.lost++
        }
      },
      close: async () => undefined,
    }
  }

  return { contender, close: () => end(children, lines) }
}

async function end(children: ReturnType<typeof fork>[], lines: Line[]): Promise<void> {
  for (const line of lines) line.close()
  await Promise.all(
    children.map(child => {
      const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
      child.kill('SIGKILL')
      return child.exitCode === null && child.signalCode === null ? ended : undefined
    }),
  )
}

/** The product's row key: key space byte, token, key. */
function rowKey(key: string, hashed: boolean): Buffer {
  const token = createHash('sha256').update(key).digest().subarray(0, 8)
  return Buffer.concat([Buffer.from([0x10]), hashed ? token : Buffer.alloc(8), Buffer.from(key)])
}

function portIn(message: unknown): number {
  return Number(Reflect.get(Object(message), 'port'))
}
