/**
 * A failure that a command itself found: bad input, a file that is not there, an unresolved
 * conflict. Failures of requests come from the client as `KvError`; both end in `failureOf`.
 */
import { hexOf } from '../core/binary.ts'
import type { Code, Outcome } from '../core/outcome.ts'
import { exitOf, isCode } from './exit-codes.ts'
import { isOutcome, shownOutcome } from './outcome-shape.ts'
import { oneLine } from './visible.ts'

export class CliError extends Error {
  readonly code: Code
  /** Commands to try next, each one line. */
  readonly suggestions: readonly string[]
  readonly outcome: unknown

  constructor(code: Code, message: string, suggestions: readonly string[] = [], outcome?: unknown) {
    super(message)
    this.name = 'CliError'
    this.code = code
    this.suggestions = suggestions
    this.outcome = outcome
  }
}

/** What to try after a failure of a request. */
const usual: Readonly<Partial<Record<Code, readonly string[]>>> = {
  UNREACHABLE: ['kv cluster up', 'kv cluster status'],
  QUORUM: ['kv cluster status'],
  TIMEOUT: ['kv cluster status'],
  UNKNOWN_NODE: ['kv cluster status'],
  BAD_CONTEXT: ['kv get KEY --context-only'],
}

/** What a failure looks like to the caller of `kv`, on stderr and under `--json`. */
export type ShownFailure = {
  readonly code: Code
  /** One line, escaped. */
  readonly message: string
  readonly exit: number
  readonly outcome: unknown
  readonly suggestions: readonly string[]
}

/** Any thrown thing as a failure; one thrown while the flags were read is a wrong usage. */
export function failureOf(error: unknown, whileParsing: boolean): ShownFailure {
  const code = codeOf(error, whileParsing)
  const outcome = fieldOf(error, 'outcome')
  const message = messageOf(error, code)
  const unsure = isOutcome(outcome) && !outcome.definite
  return {
    code,
    message: unsure ? `${message}; the write may have happened all the same` : message,
    exit: exitOf(code),
    outcome: isOutcome(outcome) ? shownOutcome(outcome) : outcome,
    suggestions: unsure
      ? [...suggestionsOf(error, code), ...againWith(outcome.op, fieldOf(error, 'seen'))]
      : suggestionsOf(error, code),
  }
}

/** What may have happened can be tried again: it takes effect at most once (design §2). */
function againWith(op: Outcome['op'], seen: unknown): readonly string[] {
  if (op === undefined) return []
  const flags = typeof seen === 'string' ? ` ${seen}` : ''
  return [`the same put or del with --op ${hexOf(op)}${flags}: done at most once`]
}

function codeOf(error: unknown, whileParsing: boolean): Code {
  const code = fieldOf(error, 'code')
  if (isCode(code)) return code
  if (forbidden(error) !== undefined) return 'STORE_REFUSED'
  if (fieldOf(error, 'name') === 'AbortError') return 'CANCELLED'
  const parse = fieldOf(error, 'parse')
  return parse !== undefined || (whileParsing && fieldOf(error, 'oclif')) ? 'USAGE' : 'INTERNAL'
}

function messageOf(error: unknown, code: Code): string {
  if (fieldOf(error, 'name') === 'AbortError') return 'interrupted'
  const text = error instanceof Error ? error.message : String(error)
  const why = forbidden(error)
  if (why !== undefined) return oneLine(`${fieldOf(error, 'path')} cannot be used: ${why}`)
  if (text.startsWith('Missing')) return `missing ${namesOf(error, 'args').join(' ').toUpperCase()}`
  const isOclif = fieldOf(error, 'oclif') !== undefined || fieldOf(error, 'parse') !== undefined
  const shown = oneLine(isOclif ? inOurWords(text) : text.replace(lineEnd, ' '))
  return code === 'INTERNAL' ? `unexpected error: ${shown}` : shown
}

/** What oclif says about flags and arguments: colours and advice taken out, on one line. */
function inOurWords(text: string): string {
  return (text.replace(dimmed, '').split('\nSee more help')[0] ?? '')
    .replace(lineEnd, ' ')
    .replace(/^The following errors? occurred: /, '')
    .replace(/Missing required flag (\S+)/g, 'missing --$1')
    .replace(/(--[\w-]+)(=\S*)? cannot also be provided when using (--\S+)/, '$1 excludes $3')
    .replace(/^Flag (--\S+) expects a value$/, '$1 needs a value')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .replace(/^Nonexistent flag/, 'unknown flag')
    .replace(/^Unexpected arg/, 'unexpected arg')
}

function suggestionsOf(error: unknown, code: Code): readonly string[] {
  const given = fieldOf(error, 'suggestions')
  if (Array.isArray(given)) return given.map(String)
  if (forbidden(error) !== undefined) {
    const path = oneLine(String(fieldOf(error, 'path')))
    return [`ls -ld ${path} and what is above it: it has to be yours, and writable`]
  }
  const [flag] = namesOf(error, 'flags')
  if (flag === undefined) return usual[code] ?? []
  return [`--help lists the flags; -- goes before a key or value that begins with a dash`]
}

/** The names in a list that oclif hangs on an error: texts, or things with a name. */
function namesOf(error: unknown, field: string): readonly string[] {
  const list = fieldOf(error, field)
  if (!Array.isArray(list)) return []
  return list.map(item => (typeof item === 'string' ? item : String(fieldOf(item, 'name'))))
}

/** Why the system does not let this user have a file, or a directory; undefined: it does. */
function forbidden(error: unknown): string | undefined {
  const [code, path] = [fieldOf(error, 'code'), fieldOf(error, 'path')]
  return typeof path === 'string' ? rights[String(code)] : undefined
}

const rights: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it',
  EROFS: 'it is on a file system that is read-only',
  ENOTDIR: 'a part of its path is no directory',
}
const lineEnd = /\s*\n\s*/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out
const dimmed = /\x1b\[22?m/g

function fieldOf(error: unknown, name: string): unknown {
  if (typeof error !== 'object' || error === null) return undefined
  return Reflect.get(error, name)
}
