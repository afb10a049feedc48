/** Waits so long, or until the signal aborts, or until `sooner` ends: never rejects. */
export function pause(
  ms: number,
  signal: AbortSignal | undefined,
  sooner?: Promise<unknown>,
): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    if (signal?.aborted === true) return done()
    signal?.addEventListener('abort', done, { once: true })
    void sooner?.then(done, done)
  })
}
