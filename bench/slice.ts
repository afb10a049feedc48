/** One slice: a closed loop with so many operations in flight, and what it cost. */
import type { Contender } from './contender.ts'

export type Operation = 'put' | 'get'

export type Slice = {
  readonly operations: number
  readonly seconds: number
  /** CPU of all nodes, LMDB's and the collector's threads included. */
  readonly userUs: number
  readonly systemUs: number
  /** CPU of this process, which is the client. */
  readonly clientUs: number
  readonly commits: number
  readonly rows: number
}

/** Walks through the keys in order, so that no two operations in flight share one. */
export type Cursor = () => number

export function cursorOver(size: number): Cursor {
  let next = 0
  return () => next++ % size
}

/** Begins operations for `ms`, then waits for those in flight. */
export async function runSlice(
  contender: Contender,
  operation: Operation,
  inFlight: number,
  cursor: Cursor,
  ms: number,
): Promise<Slice> {
  const before = await contender.usage()
  const clientBefore = process.cpuUsage()
  const begun = performance.now()
  const end = begun + ms
  let operations = 0
  const loop = async () => {
    while (performance.now() < end) {
      await contender[operation](cursor())
      operations++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
  const seconds = (performance.now() - begun) / 1000
  const client = process.cpuUsage(clientBefore)
  const after = await contender.usage()
  return {
    operations,
    seconds,
    userUs: after.userUs - before.userUs,
    systemUs: after.systemUs - before.systemUs,
    clientUs: client.user + client.system,
    commits: after.commits - before.commits,
    rows: after.rows - before.rows,
  }
}

/** Every key once, whatever the time it takes. */
export async function putAll(contender: Contender, size: number, inFlight: number): Promise<void> {
  let next = 0
  const loop = async () => {
    while (next < size) await contender.put(next++)
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
}

export function rateOf({ operations, seconds }: Slice): number {
  return operations / seconds
}
