/**
 * Read, compute, write. A write never waits for a read quorum (design §4): where fewer than R
 * replicas answer, it goes out with the context of what did answer, and says so; at worst that
 * makes a sibling.
 */
import type { KeyLike, ValueLike } from './arguments.ts'
import type { Client, UpdateOptions, WriteResult } from './client.ts'
import { type Entry, type Sibling, siblingsOf } from './entry.ts'
import { KvError } from './errors.ts'

/** `partialRead`: fewer replicas than R were read, so versions on others are kept beside. */
export type UpdateResult =
  | { readonly written: false; readonly partialRead: boolean }
  | (WriteResult & { readonly written: true; readonly partialRead: boolean })

export type Compute = (siblings: readonly Sibling[]) => ValueLike | undefined

/** One update under way. */
type Update = {
  readonly client: Client
  readonly key: KeyLike
  readonly compute: Compute
  readonly options: UpdateOptions
  readonly deadline: number
}
type Read = {
  readonly siblings: readonly Sibling[]
  /** undefined where no replica answered. */
  readonly context: Uint8Array | undefined
  readonly partialRead: boolean
}
type Written = UpdateResult & { readonly written: true }

export async function updated(
  client: Client,
  key: KeyLike,
  compute: Compute,
  options: UpdateOptions,
  timeoutMs: number,
): Promise<UpdateResult> {
  const update = { client, key, compute, options, deadline: performance.now() + timeoutMs }
  const read = await readWhatAnswers(update)
  const written = await write(update, read)
  if (written === undefined) return { written: false, partialRead: read.partialRead }
  return mergeWhatLandedBeside(update, written)
}

/** undefined where the caller wants nothing written. */
async function write(update: Update, read: Read): Promise<Written | undefined> {
  const { client, key, compute, options } = update
  const value = compute(read.siblings)
  if (value === undefined) return undefined
  const { r: _, ...rest } = options
  const context = read.context === undefined ? {} : { context: read.context }
  const result = await client.put(key, value, { ...rest, ...context, timeoutMs: timeLeft(update) })
  return { ...result, written: true, partialRead: read.partialRead }
}

/** Another write that had not seen ours is merged with it, as long as there is time. */
async function mergeWhatLandedBeside(update: Update, first: Written): Promise<Written> {
  let last = first
  try {
    for (let round = 0; last.siblings > 0 && !last.partialRead; round++) {
      await pause(Math.random() * pauseMs * 2 ** Math.min(round, 6), update.options.signal)
      const read = await readWhatAnswers(update)
      if (read.siblings.length <= 1 && read.context !== undefined) {
        return { ...last, siblings: 0, context: read.context }
      }
      const next = await write(update, read)
      if (next === undefined) return last
      last = next
    }
  } catch (problem) {
    // Our write is there all the same, and `siblings` says what is beside it.
    if (!(problem instanceof KvError)) throw problem
  }
  return last
}

/** At the cluster's R (or the caller's); failing that at one replica; failing that, nothing. */
async function readWhatAnswers(update: Update): Promise<Read> {
  const timeoutMs = timeLeft(update) / 4
  const whole = await readOrShort(update, { timeoutMs })
  if (whole !== undefined) return readOf(whole, false)
  const entry = await readOrShort(update, { r: 1, timeoutMs })
  return entry === undefined ? nothingRead : readOf(entry, true)
}

/** undefined where too few replicas answered. */
async function readOrShort(
  { client, key, options: { w: _, ...options } }: Update,
  now: { readonly r?: number; readonly timeoutMs: number },
): Promise<Entry | undefined> {
  try {
    return await client.get(key, { ...options, ...now })
  } catch (problem) {
    if (problem instanceof KvError && shortCodes.has(problem.code)) return undefined
    throw problem
  }
}

function readOf(entry: Entry, partialRead: boolean): Read {
  return { siblings: siblingsOf(entry), context: entry.context, partialRead }
}

/** At least a moment: the call that it is for tells that the time is over. */
function timeLeft(update: Update): number {
  return Math.max(1, update.deadline - performance.now())
}

/** Two that update the same key must not meet again and again. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done, { once: true })
  })
}

const nothingRead: Read = { siblings: [], context: undefined, partialRead: true }
const shortCodes: ReadonlySet<string> = new Set(['QUORUM', 'TIMEOUT'])
const pauseMs = 10
