/** What takes part in a run: the floor or the product, both behind the same few calls. */

/** Of all its nodes together, since their start. */
export type Usage = {
  readonly userUs: number
  readonly systemUs: number
  readonly commits: number
  readonly rows: number
}

/** One of these is enough to make a run void. */
export type Faults = { mismatches: number; siblings: number; errors: number; lost: number }

export type Contender = {
  readonly name: string
  readonly faults: Faults
  /** Settles when the put is answered; never rejects, a failure is counted. */
  readonly put: (key: number) => Promise<void>
  readonly get: (key: number) => Promise<void>
  readonly usage: () => Promise<Usage>
  /** Counts as lost each of these keys whose last value lies on fewer than W stores. */
  readonly verify: (keys: readonly number[]) => Promise<void>
  readonly close: () => Promise<void>
}

export function noFaults(): Faults {
  return { mismatches: 0, siblings: 0, errors: 0, lost: 0 }
}

export const quorum = 2
