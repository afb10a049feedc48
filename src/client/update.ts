/**
 * Read, compute, write; and again with all siblings where another write landed meanwhile, until the
 * deadline. A write never waits for a read quorum: with fewer than R replicas it goes out with the
 * context of what did answer, and says so; at worst that makes a sibling. But where nobody tells what
 * the key holds nothing is computed: it would be written beside all that is there.
 */
import type { KeyLike, ValueLike } from './arguments.ts'
import type { Client, UpdateOptions, WriteResult } from './client.ts'
import { type Entry, type Sibling, siblingsOf } from './entry.ts'
import { KvError, refusal } from './errors.ts'
import { pause } from './pause.ts'
import type { Turn } from './turns.ts'

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
  readonly turn: Turn
}
type Read = {
  readonly siblings: readonly Sibling[]
  readonly context: Uint8Array
  readonly partialRead: boolean
  /** Milliseconds that it took: how busy the key's replicas are. */
  readonly tookMs: number
}
type Written = UpdateResult & { readonly written: true }

export async function updated(update: Update): Promise<UpdateResult> {
  const first = await writeAtLast(update)
  return first.written ? mergeWhatLandedBeside(update, first) : first
}

/** The first write that is taken; what merging can settle is no end before the deadline. */
async function writeAtLast(update: Update): Promise<UpdateResult> {
  let refused: KvError | undefined
  for (;;) {
    try {
      const read = await readWhatAnswers(update)
      try {
        return await write(update, read)
      } catch (problem) {
        if (!isSettledByMerging(problem)) throw problem
        if (refused?.definite !== false) refused = problem
        await backOff(update, read)
      }
    } catch (problem) {
      throw reasonOf(problem, refused)
    }
  }
}

/**
 * Why the update fails in the end. If one of its writes may have taken effect, so may the update have;
 * and that one was refused says more than that the time is over.
 */
function reasonOf(problem: unknown, refused: KvError | undefined): unknown {
  if (!(problem instanceof KvError && problem.definite) || refused === undefined) return problem
  return refused.definite && problem.code !== 'TIMEOUT' ? problem : refused
}

/** Nothing is written where the caller wants nothing written. */
async function write(update: Update, read: Read): Promise<UpdateResult> {
  const { client, key, compute, options } = update
  const { context, partialRead } = read
  const value = compute(read.siblings)
  if (value === undefined) return { written: false, partialRead }
  const { r: _, ...rest } = options
  const result = await client.put(key, value, { ...rest, context, timeoutMs: timeFor(update, 1) })
  return { ...result, written: true, partialRead }
}

/**
 * Another write that had not seen ours is merged with it, as long as there is time; but where the
 * next update of this client waits for its turn, that one does it.
 */
async function mergeWhatLandedBeside(update: Update, first: Written): Promise<Written> {
  let last = first
  let read: Read | undefined
  try {
    while (last.siblings > 0 && !last.partialRead && !update.turn.isWanted()) {
      if (!(await backOff(update, read, last.siblings))) return last
      read = await readWhatAnswers(update)
      if (read.siblings.length <= 1) return { ...last, siblings: 0, context: read.context }
      const next = await write(update, read)
      if (!next.written) return last
      last = next
    }
  } catch (problem) {
    // Our write is there all the same, and `siblings` says what is beside it.
    if (!(problem instanceof KvError)) throw problem
  }
  return last
}

/** At the cluster's R (or the caller's); failing that what one replica has, if it has something. */
async function readWhatAnswers(update: Update): Promise<Read> {
  const begun = performance.now()
  const readOf = (entry: Entry, partialRead: boolean): Read => {
    const { context } = entry
    return { siblings: siblingsOf(entry), context, partialRead, tookMs: performance.now() - begun }
  }
  try {
    return readOf(await read(update, { timeoutMs: timeFor(update, 2) }), false)
  } catch (problem) {
    if (!(problem instanceof KvError && shortCodes.has(problem.code))) throw problem
    const entry = await read(update, { r: 1, timeoutMs: timeFor(update, 2) })
    // The others may hold it: what is computed from nothing would lie beside that.
    if (siblingsOf(entry).length === 0) throw problem
    return readOf(entry, true)
  }
}

function read(
  { client, key, options: { w: _, ...options } }: Update,
  now: { readonly r?: number; readonly timeoutMs: number },
): Promise<Entry> {
  return client.get(key, { ...options, ...now })
}

function timeLeft(update: Update): number {
  return update.deadline - performance.now()
}

/** This part of what is left; what follows has the rest. Throws TIMEOUT where nothing is. */
function timeFor(update: Update, part: number): number {
  const left = timeLeft(update)
  if (left > 0) return left / part
  throw refusal('TIMEOUT', 'no time is left to read the key and write it')
}

/**
 * Two that update the same key must not meet again and again: as many turns are waited, on average
 * half of them, as there were writers, each as long as a read takes. False where no time is left.
 */
async function backOff(update: Update, read: Read | undefined, beside = 0): Promise<boolean> {
  const writers = Math.max(read?.siblings.length ?? 0, beside + 1)
  const ms = Math.random() * writers * Math.max(turnMsMin, read?.tookMs ?? 0)
  const left = timeLeft(update)
  if (left <= 0) return false
  await pause(Math.min(ms, left / 8), update.options.signal)
  return true
}

/** Known to the replicas as too many siblings, or as too many writes since it was first sent. */
function isSettledByMerging(problem: unknown): problem is KvError {
  return problem instanceof KvError && mergedCodes.has(problem.code)
}

const shortCodes: ReadonlySet<string> = new Set(['QUORUM', 'TIMEOUT'])
const mergedCodes: ReadonlySet<string> = new Set(['SIBLING_LIMIT', 'RETRY_EXPIRED'])
const turnMsMin = 5
