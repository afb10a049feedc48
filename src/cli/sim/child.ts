/** A process that runs the worlds it is sent, one after another, and sends back what they gave. */
import { chooseMutants } from '#mutants'
import { choose, firedBy } from '../../sim/known-bad.ts'
import type { Wishes } from '../../sim/options.ts'
import { type RetriesResult, runRetries } from '../../sim/retries.ts'
import { type Result, runSeed } from '../../sim/run.ts'

/** `bad`: the known-bad version to be on, by name. */
export type Task = {
  readonly seed: number
  readonly wishes: Wishes
  readonly bad: string | undefined
  /** Timeouts to be injected and repeated, in place of a world. */
  readonly retries?: number
}
export type Answer =
  | { readonly type: 'ran'; readonly seed: number; readonly result: Result }
  | { readonly type: 'fired'; readonly seed: number; readonly fired: readonly string[] }
  | { readonly type: 'retried'; readonly seed: number; readonly result: RetriesResult }
  | { readonly type: 'broke'; readonly seed: number; readonly error: string }

process.on('message', (task: Task) => {
  // Where the parent is gone there is nobody to tell, and `disconnect` ends this process.
  process.send?.(answerOf(task), undefined, undefined, () => {})
})
process.on('disconnect', () => process.exit())

function answerOf({ seed, wishes, bad, retries }: Task): Answer {
  try {
    if (retries !== undefined) {
      chooseMutants([])
      if (bad !== undefined) choose(bad)
      return { type: 'retried', seed, result: runRetries(seed, retries) }
    }
    if (bad !== undefined) return { type: 'fired', seed, fired: firedBy(bad, seed) }
    chooseMutants([])
    return { type: 'ran', seed, result: runSeed(seed, wishes) }
  } catch (error) {
    return { type: 'broke', seed, error: error instanceof Error ? (error.stack ?? '') : '' }
  }
}
