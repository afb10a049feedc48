/** Runs jobs in processes of their own, so many at a time; each keeps its own seeds. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Job, Measured } from './jobs.ts'

export async function measureAll(
  jobs: readonly Job[],
  processes: number,
  done: (measured: Measured, seconds: number) => void,
): Promise<void> {
  const left = [...jobs]
  const work = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) {
      const begun = performance.now()
      done(await measure(job), (performance.now() - begun) / 1000)
    }
  }
  await Promise.all(Array.from({ length: processes }, work))
}

/** A process a job: its memory goes with it. */
async function measure(job: Job): Promise<Measured> {
  const worker = fork(join(import.meta.dirname, 'worker.js'), {
    execArgv: ['--max-old-space-size=6000'],
  })
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`${JSON.stringify(job)}: the process ended with ${code}`)
  })
  worker.send(job)
  const [result] = await Promise.race([once(worker, 'message'), ended])
  ended.catch(() => undefined)
  worker.kill()
  // What the worker answers to this job.
  return { job, result } as Measured
}
