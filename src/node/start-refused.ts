/** How the process of a node ends, and the error of a start that will not work the second time. */

/**
 * crashed: start it again. refused, denied: nothing changes until somebody mends the cause.
 * noRoom: the disk has no room for a start; try again for as long as it takes.
 */
export const exitCodes = { stopped: 0, crashed: 1, refused: 10, denied: 11, noRoom: 12 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The node was not started; nothing was changed. `message` is one line that says what to do. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
