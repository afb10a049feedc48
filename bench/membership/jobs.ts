/** Every measurement of `bench/membership.ts`: what is run, and by whom. */
import {
  type CrashesJob,
  type CrashJob,
  type CrashResult,
  measureCrash,
  measureCrashes,
  measureSoak,
  type SoakJob,
  type SoakResult,
} from './conviction.ts'
import { measurePause, type PauseJob, type PauseResult } from './pause.ts'
import { measureSpread, type SpreadJob, type SpreadResult } from './spread.ts'
import { measureTraffic, type TrafficJob, type TrafficResult } from './traffic.ts'

/** A job with what came of it. */
export type Measured =
  | { readonly job: SpreadJob; readonly result: SpreadResult }
  | { readonly job: TrafficJob; readonly result: TrafficResult }
  | { readonly job: CrashJob; readonly result: CrashResult }
  | { readonly job: CrashesJob; readonly result: CrashResult & SoakResult }
  | { readonly job: SoakJob; readonly result: SoakResult }
  | { readonly job: PauseJob; readonly result: PauseResult }

export type Job = Measured['job']

export type Run = {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly measured: readonly Measured[]
}

/** The measurements of one kind. */
export function runsOf<Type extends Job['type']>(
  measured: readonly Measured[],
  type: Type,
): MeasuredOf<Type>[] {
  return measured.filter((one): one is MeasuredOf<Type> => one.job.type === type)
}

type MeasuredOf<Type extends Job['type']> = Extract<Measured, { readonly job: { type: Type } }>

export const losses = [0, 0.01, 0.05, 0.1, 0.2] as const

/** The longest first. */
export function allJobs(): readonly Job[] {
  const seeds = Array.from({ length: 8 }, (_, i) => i + 1)
  const others = losses.filter(loss => loss !== 0.05)
  const rows: readonly Job[] = [
    crashes(1000, 0.05, 60),
    crashes(1000, 0, 60),
    { ...spread(1000, 'gossip', 50), everyMs: 537 },
    { ...spread(10_000, 'model', 30), everyMs: 537 },
    { type: 'traffic', nodes: 1000, machine: 'membership', restSeconds: 5, changes: 1, seed: 1 },
    { type: 'traffic', nodes: 10_000, machine: 'model', restSeconds: 5, changes: 1, seed: 1 },
    ...seeds.map(seed => soak(50, 0.05, 3, seed)),
    ...others.map(loss => soak(50, loss, 1, 1)),
    ...losses.map(loss => soak(5, loss, 24, 1)),
    // So much that there are false convictions: the counter counts.
    soak(5, 0.9, 1, 1),
    spread(100, 'membership', 200),
    ...losses.map(loss => crash(50, loss, 100)),
    ...losses.map(loss => crash(5, loss, 400)),
    { ...spread(1000, 'model', 100), everyMs: 537 },
    spread(100, 'model', 400),
    spread(10, 'membership', 400),
    { type: 'traffic', nodes: 5, machine: 'membership', restSeconds: 600, changes: 20, seed: 1 },
    { type: 'traffic', nodes: 50, machine: 'membership', restSeconds: 60, changes: 20, seed: 1 },
    { type: 'pause', worlds: 200, seed: 1 },
  ]
  return rows
}

export function perform(job: Job): Measured['result'] {
  switch (job.type) {
    case 'spread':
      return measureSpread(job)
    case 'traffic':
      return measureTraffic(job)
    case 'crash':
      return measureCrash(job)
    case 'crashes':
      return measureCrashes(job)
    case 'soak':
      return measureSoak(job)
    case 'pause':
      return measurePause(job)
  }
}

function spread(nodes: number, machine: SpreadJob['machine'], changes: number): SpreadJob {
  return { type: 'spread', nodes, machine, changes, everyMs: 0, seed: 1 }
}

function crash(nodes: number, loss: number, count: number): CrashJob {
  return { type: 'crash', nodes, loss, crashes: count, seed: 1 }
}

function crashes(nodes: number, loss: number, count: number): CrashesJob {
  return { type: 'crashes', nodes, loss, crashes: count, seed: 1 }
}

function soak(nodes: number, loss: number, hours: number, seed: number): SoakJob {
  return { type: 'soak', nodes, loss, hours, seed }
}
