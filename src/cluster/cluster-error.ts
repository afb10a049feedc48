/**
 * A failure of a local cluster's files or processes. Commands map its code to an exit code in
 * the same table as the client's errors.
 */
import type { Code } from '../core/outcome.ts'

export class ClusterError extends Error {
  readonly code: Code
  /** Commands to try next, each one line. */
  readonly suggestions: readonly string[]

  constructor(code: Code, message: string, suggestions: readonly string[] = []) {
    super(message)
    this.name = 'ClusterError'
    this.code = code
    this.suggestions = suggestions
  }
}
