/**
 * The shipped half of `#mutants` (package.json `imports`): no known-bad version is ever on and
 * nothing is counted. `mutants-on.ts` is taken in its place by `node --conditions=mutants`, and
 * only the simulator does that.
 */

/** Is this known-bad version of the code on? Its number is that of docs/simulation.md. */
export function mutant(_number: number): boolean {
  return false
}

/** Notes that a rare path was taken, so that the simulator knows that its seeds reach it. */
export function sometimes(_name: string): void {}

/** Luck that no seed decides, for the known-bad version that uses it. */
export function luck(): number {
  return 0
}

/** Turns these known-bad versions on and all others off; false where this build has none. */
export function chooseMutants(_numbers: readonly number[]): boolean {
  return false
}

/** The names that were noted since the last call. */
export function takeNoted(): readonly string[] {
  return []
}
