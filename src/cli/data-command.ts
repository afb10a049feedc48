/**
 * What the commands that read and write data share: how a cluster is reached, the quorum flags,
 * and the shapes in which outcomes, dots and versions are shown.
 */
import * as Flags from '@oclif/core/flags'
import type { Client, Explained, Outcome, Quorum } from '../client/index.ts'
import type { OpId } from '../core/ids.ts'
import { KvCommand } from './base-command.ts'
import { CliError, failureOf } from './cli-error.ts'
import { opFrom } from './encoding.ts'
import { worstExit } from './exit-codes.ts'
import { hasUnicode, printRecord, say } from './render.ts'
import { readNote, readWarning, writeNote } from './shown.ts'
import { keyFrom } from './value.ts'
import { oneLine } from './visible.ts'

const quorum = Flags.custom<Quorum>({
  parse: async text => quorumFrom(text),
  helpValue: '<1..N|one|quorum|all>',
})

/** Of every command that reads or writes keys. */
export const readQuorumFlag = {
  'read-quorum': quorum({ char: 'r', description: 'replicas that must answer a read' }),
  strict: Flags.boolean({ description: 'count owners only, nobody who stands in for one' }),
}
export const writeQuorumFlag = {
  'write-quorum': quorum({ char: 'w', description: 'replicas that must have stored a write' }),
}
export const explainFlag = {
  explain: Flags.boolean({ description: 'show, on stderr, who was asked and when each answered' }),
}
export const viaFlag = {
  via: Flags.string({ helpValue: '<node>', description: 'ask this node and no other' }),
}
/** How a write says what it has seen. */
export const contextFlags = {
  context: Flags.string({
    helpValue: '<token>',
    description: 'supersede exactly what this context has seen (from get or put)',
    exclusive: ['blind'],
  }),
  blind: Flags.boolean({ description: 'read nothing first: supersede nothing, be kept beside' }),
  op: Flags.custom<OpId>({ parse: async text => opFrom(text) })({
    helpValue: '<id>',
    description: 'try again what failed with this operation id: it takes effect at most once',
  }),
}

type Strictness = { readonly strict: boolean }

/** Quorums as options of a call. */
export function readQuorum(flags: Strictness & { readonly 'read-quorum': Quorum | undefined }) {
  return { strict: flags.strict, ...given({ r: flags['read-quorum'] }) }
}
export function writeQuorum(flags: Strictness & { readonly 'write-quorum': Quorum | undefined }) {
  return { strict: flags.strict, ...given({ w: flags['write-quorum'] }) }
}

/** Flags of every command, as far as reaching the cluster needs them. */
export type Reach = {
  readonly cluster: string | undefined
  readonly credential: string | undefined
  readonly timeout: number
}

/** A key as it was typed, and its bytes. */
export type KeyArg = { readonly text: string; readonly bytes: Uint8Array }

/** What was done for one key: its document, and the exit code it asks for. */
export type Done = { readonly document: unknown; readonly exit: number }

export abstract class DataCommand extends KvCommand {
  /** Connects, works, and closes whatever happens. */
  protected async withClient<Result>(
    reach: Reach,
    work: (client: Client) => Promise<Result>,
  ): Promise<Result> {
    const { connect } = await import('../client/index.ts')
    const { KV_CLUSTER, KV_CREDENTIAL } = process.env
    // What the environment says is read by `connect`: a secret there is not for a named cluster.
    const cluster = reach.cluster === KV_CLUSTER ? undefined : reach.cluster
    const credential = reach.credential === KV_CREDENTIAL ? undefined : reach.credential
    const client = await connect({
      ...given({ cluster, credential, timeoutMs: reach.timeout }),
      operator: true,
    })
    try {
      this.detail(`cluster ${client.cluster}`)
      return await work(client)
    } finally {
      await client.close()
    }
  }

  /**
   * Works on each key. One key: its document is returned, its failure thrown. Several: documents
   * and failures are told one by one (NDJSON under `--json`), and the worst exit code counts.
   */
  protected async eachKey(
    keys: readonly KeyArg[],
    work: (key: KeyArg) => Promise<Done>,
  ): Promise<unknown> {
    const [first] = keys
    if (keys.length === 1 && first !== undefined) {
      const done = await work(first)
      this.endWith(done.exit)
      return done.document
    }
    const exits: number[] = []
    for (const key of keys) {
      const done = await work(key).catch((error: unknown) => this.failedAt(key, error))
      exits.push(done.exit)
      if (this.jsonEnabled()) await printRecord(done.document)
    }
    this.endWith(worstExit(exits))
    return undefined
  }

  private failedAt(key: KeyArg, error: unknown): Done {
    const failure = failureOf(error, false)
    if (!this.jsonEnabled()) say(`kv: ${failure.message}`)
    return { document: { key: key.text, error: failure }, exit: failure.exit }
  }

  /** Says who stood in at a read, and what its answer could not promise. */
  protected tellRead(key: string, outcome: Outcome): void {
    const note = readNote(outcome)
    if (note !== undefined) this.note(note)
    if (outcome.repaired.length > 0) this.detail(`repaired ${outcome.repaired.join(', ')}`)
    const warning = readWarning(oneLine(key), outcome)
    if (warning !== undefined) this.warn(warning)
  }

  /** Says who stood in at a write, and for whom. */
  protected tellWritten(outcome: Outcome): void {
    const note = writeNote(outcome)
    if (note !== undefined) this.note(note)
  }

  /** The call's result; where it fails, what was done for it is told before the failure. */
  protected async explaining<Result>(key: string, call: Promise<Result>): Promise<Result> {
    try {
      return await call
    } catch (problem) {
      const explained = explanationOf(problem)
      if (explained !== undefined) await this.tellExplained(true, key, explained)
      throw problem
    }
  }

  /** Says what the coordinator did, where that was asked for; the field of the document. */
  protected async tellExplained(asked: boolean, key: string, explained: Explained | undefined) {
    if (!asked) return {}
    if (explained === undefined) {
      this.warn('the node that answered does not explain what it did')
      return { explain: null }
    }
    const { explainDocument, explainLines } = await import('./explain-view.ts')
    const screen = { unicode: hasUnicode(), columns: process.stderr.columns || 80 }
    const lines = this.jsonEnabled() ? [] : explainLines(explained, oneLine(key), screen)
    for (const line of lines) say(line)
    return { explain: explainDocument(explained) }
  }

  /** What every call of this command carries. */
  protected callOptions(flags: { readonly timeout: number; readonly via?: string | undefined }) {
    const { timeout: timeoutMs, via } = flags
    return { timeoutMs, signal: this.signal, ...given({ via }) }
  }
}

/** The keys of a command line. Throws USAGE or TOO_LARGE for the first that can be none. */
export function keyArgs(words: readonly unknown[]): readonly KeyArg[] {
  return words.map(word => ({ text: String(word), bytes: keyFrom(String(word)) }))
}

/** The options that were given: those that are undefined are left out. */
export function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]?: Exclude<Options[Name], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as {
    [Name in keyof Options]?: Exclude<Options[Name], undefined>
  }
}

function explanationOf(problem: unknown): Explained | undefined {
  return problem instanceof Error && problem.name === 'KvError'
    ? (Reflect.get(problem, 'explained') as Explained | undefined)
    : undefined
}

function quorumFrom(text: string): Quorum {
  if (text === 'one' || text === 'quorum' || text === 'all') return text
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new CliError(
    'USAGE',
    `"${text}" is no number of replicas: write 1 to N, one, quorum or all`,
  )
}
