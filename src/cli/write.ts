/**
 * A write as the command line does it: read first, so that ordinary use makes no siblings, and
 * refuse where the read shows a conflict that somebody has to settle. A write never waits for a
 * read quorum (design §4): where fewer than R answer, what did answer is what it has seen.
 */
import type { Client, ReadOptions } from '../client/index.ts'
import type { OpId } from '../core/ids.ts'
import { CliError } from './cli-error.ts'
import { contextFrom, contextToken } from './encoding.ts'

export type Seen = {
  readonly context: Uint8Array | undefined
  /** False where the read found nothing: a delete has nothing to do. */
  readonly found: boolean
  /** Why the context may have missed something. */
  readonly warning: string | undefined
}

/** What a write goes by. */
export type WriteFlags = {
  readonly context: string | undefined
  readonly blind: boolean
  readonly op?: OpId | undefined
}

/**
 * A write that is tried again says what it had seen: with what a read shows by now it would be
 * another write. Throws USAGE.
 */
export function checkRetry({ context, blind, op }: WriteFlags): void {
  if (op === undefined || context !== undefined || blind) return
  const what = 'a write that is tried again repeats --op and the --context of its first try'
  throw new CliError('USAGE', `${what} (--blind if that had none)`)
}

/** A write; if it may have happened although it failed, the failure says what it had seen. */
export async function written<Result>(
  write: Promise<Result>,
  context: Uint8Array | undefined,
): Promise<Result> {
  try {
    return await write
  } catch (error) {
    const seen = context === undefined ? '--blind' : `--context ${contextToken(context)}`
    throw error instanceof Error ? Object.assign(error, { seen }) : error
  }
}

/** What a write has seen, by its flags. Throws CONFLICT, BAD_CONTEXT, or the read's failure. */
export async function seenBefore(
  client: Client,
  key: Uint8Array,
  shownKey: string,
  flags: WriteFlags,
  options: ReadOptions,
): Promise<Seen> {
  if (flags.context !== undefined) {
    return { context: contextFrom(flags.context), found: true, warning: undefined }
  }
  if (flags.blind) return { context: undefined, found: true, warning: undefined }
  const { entry, warning } = await readWhatAnswers(client, key, options)
  if (entry?.found === true && entry.conflict) {
    const count = entry.siblings.length
    const word = /^[\w:./][\w:./-]*$/.test(shownKey) ? shownKey : 'KEY'
    throw new CliError('CONFLICT', `${shownKey} has ${count} versions; nothing was written`, [
      `kv get ${word}`,
      `the same with --context "$(kv get ${word} --context-only)", which replaces all of them`,
    ])
  }
  return { context: entry?.context, found: entry?.found ?? true, warning }
}

/** A read at the cluster's R; where that fails, at one replica; where that fails too, nothing. */
async function readWhatAnswers(client: Client, key: Uint8Array, options: ReadOptions) {
  const timeoutMs = Math.max(1, Math.floor((options.timeoutMs ?? 5000) / 2))
  try {
    return { entry: await client.get(key, { ...options, timeoutMs }), warning: undefined }
  } catch (error) {
    if (!isShortOfReplicas(error)) throw error
  }
  const rest = { ...options, timeoutMs: Math.max(1, Math.floor(timeoutMs / 2)), r: 1 }
  try {
    const entry = await client.get(key, rest)
    const warning = 'fewer replicas than R answered the read: versions on others are kept beside'
    return { entry, warning }
  } catch (error) {
    if (!isShortOfReplicas(error)) throw error
    const warning = 'no replica answered the read: what they hold is kept beside this version'
    return { entry: undefined, warning }
  }
}

function isShortOfReplicas(error: unknown): boolean {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return code === 'QUORUM' || code === 'TIMEOUT'
}
