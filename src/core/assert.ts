/** Stops the node when an invariant is broken. Kept on in production: a wrong store is worse than none. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${message}`)
}
