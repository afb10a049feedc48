/**
 * The ways in which a store ends a node. Refused: it cannot be opened as what the caller
 * expects, nothing was changed, and starting again will not help. No room: it could be opened if
 * the disk had a few bytes left, and is tried again. Failure: it was open and can no longer be
 * trusted; the process ends and is started again.
 */

/** The store was not opened. `message` is one line that says what to do. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused'
  readonly code = 'STORE_REFUSED'
}

/** The disk is full to the last byte. `message` is one line that says what to do. */
export class StoreWithoutRoom extends Error {
  override readonly name = 'StoreWithoutRoom'
  readonly code = 'STORE_FULL'
}

/** A read or an opened store failed: end the process, every pending write is indefinite. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure'
  readonly code = 'INTERNAL'
  /** The disk had no room for it: a start may find some. */
  readonly noRoom: boolean

  constructor(message: string, options: ErrorOptions, noRoom = false) {
    super(message, options)
    this.noRoom = noRoom
  }
}

/** The code of a system or LMDB error, '' where it has none. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' || typeof code === 'number' ? String(code) : ''
}

/** One line of ASCII about any thrown thing. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/[^ -~]+/g, ' ').slice(0, 300)
}
