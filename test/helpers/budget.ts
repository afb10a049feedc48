/**
 * How much of what takes long a run does: `npm test` the first of it always, and more while its budget
 * of time lasts; `npm run test:all`, which CI runs, all of it.
 */
export const runsAll = process.argv.includes('all')

/** Whether the next one is to be begun, after so many. The time is counted from this call on. */
export function budget(least: number, ms: number): (begun: number) => boolean {
  const end = performance.now() + ms
  return begun => runsAll || begun < least || performance.now() < end
}
