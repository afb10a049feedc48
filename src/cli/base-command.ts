/**
 * What every command of `kv` shares: the global flags, exit codes that are right under `--json`
 * too (oclif's are not), one clear line for an error, warnings that are kept, Ctrl-C. Nothing
 * heavy is imported here: the start of `kv get` is budgeted, so commands import inside `run`.
 */
import { setMaxListeners } from 'node:events'
import { Command } from '@oclif/core/command'
import { ExitError } from '@oclif/core/errors'
import * as Flags from '@oclif/core/flags'
import { CliError, failureOf } from './cli-error.ts'
import { durationMs } from './duration.ts'
import { endWithItsReader, printJson, say, sayAtOnce } from './render.ts'
import { refuseMangledWords } from './value.ts'

const interruptedExit = 130

/** `--timeout` and its like. */
export const durationFlag = Flags.custom<number>({
  parse: async text => durationMs(text),
  helpValue: '<duration>',
})

export abstract class KvCommand extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    quiet: Flags.boolean({
      char: 'q',
      description: 'say nothing but results and errors',
      helpGroup: 'GLOBAL',
    }),
    verbose: Flags.boolean({
      char: 'v',
      description: 'say more of what is done',
      helpGroup: 'GLOBAL',
    }),
    'no-color': Flags.boolean({ description: 'no colour', helpGroup: 'GLOBAL' }),
    'no-input': Flags.boolean({ description: 'never ask', helpGroup: 'GLOBAL' }),
    cluster: Flags.string({
      char: 'c',
      env: 'KV_CLUSTER',
      description: 'name or directory of a cluster, or host:port[,...]',
      helpGroup: 'GLOBAL',
    }),
    credential: Flags.string({
      env: 'KV_CREDENTIAL',
      helpValue: '<file>',
      description: 'path of a secret.json, for -c host:port',
      helpGroup: 'GLOBAL',
    }),
    timeout: durationFlag({
      env: 'KV_TIMEOUT',
      default: 5000,
      defaultHelp: async () => '5s',
      description: 'give up after this time, such as 500ms, 2s, 1m',
      helpGroup: 'GLOBAL',
    }),
  }

  private readonly warnings: string[] = []
  private interruption: AbortController | undefined

  protected override async init(): Promise<void> {
    await super.init()
    endWithItsReader()
    refuseMangledWords(this.argv)
    if (this.hasFlag('--no-color')) process.env['NO_COLOR'] = '1'
    process.on('SIGINT', () => this.interrupt())
  }

  /** Aborted at the first Ctrl-C. Who never asks for it is ended by that Ctrl-C at once. */
  protected get signal(): AbortSignal {
    if (this.interruption === undefined) {
      this.interruption = new AbortController()
      // Every call in flight listens to it; their number is bounded elsewhere.
      setMaxListeners(0, this.interruption.signal)
    }
    return this.interruption.signal
  }

  /** True where a question may be asked and answered. */
  protected get interactive(): boolean {
    const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true
    return terminal && !process.env['CI'] && !this.hasFlag('--no-input') && !this.jsonEnabled()
  }

  /** A line for a person on stderr; nothing under `--quiet` or `--json`. */
  protected note(line: string): void {
    if (!this.jsonEnabled() && !this.hasFlag('-q', '--quiet')) say(line)
  }

  /** What could be typed next; only for a person at a terminal. */
  protected hint(line: string): void {
    if (process.stderr.isTTY) this.note(line)
  }

  /** A line of `--verbose`. */
  protected detail(line: string): void {
    if (!this.jsonEnabled() && this.hasFlag('-v', '--verbose')) say(line)
  }

  /** Ends with this code although nothing is printed as an error (not found, siblings). */
  protected endWith(exit: number): void {
    process.exitCode = exit
  }

  /** Kept under `--json` as `warnings`, a line on stderr otherwise. */
  override warn(input: Error | string): Error | string {
    const text = input instanceof Error ? input.message : input
    this.warnings.push(text)
    this.note(`kv: warning: ${text}`)
    return input
  }

  protected override toSuccessJson(result: unknown): unknown {
    if (this.warnings.length === 0 || typeof result !== 'object') return result
    return { ...result, warnings: this.warnings }
  }

  protected override logJson(json: unknown): void {
    printJson(json)
  }

  /** Prints the failure and sets the exit code; never rethrows, so oclif adds nothing. */
  protected override async catch(error: Error): Promise<void> {
    if (error instanceof ExitError) {
      process.exitCode = error.oclif.exit ?? 1
      return
    }
    const failure = failureOf(error, !this.parsed)
    process.exitCode = failure.exit
    if (this.jsonEnabled()) {
      printJson(this.toSuccessJson({ error: failure }))
      return
    }
    say(`kv: ${failure.message}`)
    for (const suggestion of failure.suggestions) say(`  try: ${suggestion}`)
    if (failure.suggestions.length === 0 && failure.code === 'USAGE' && error.name !== 'CliError') {
      say(`  try: kv ${this.id?.replaceAll(':', ' ') ?? ''} --help`)
    }
    if (this.hasFlag('-v', '--verbose') && failure.code === 'INTERNAL') {
      for (const line of (error.stack ?? '').split('\n')) say(line)
    }
  }

  /** True where one of these flags was typed before a `--`; usable before and after parsing. */
  private hasFlag(...names: readonly string[]): boolean {
    const end = this.argv.indexOf('--')
    const typed = end === -1 ? this.argv : this.argv.slice(0, end)
    return typed.some(word => names.includes(word))
  }

  /** A Ctrl-C, or what a command takes for one. */
  protected interrupt(): void {
    const second = this.interruption?.signal.aborted ?? true
    if (second) process.exit(interruptedExit)
    this.interruption?.abort(new CliError('CANCELLED', 'interrupted'))
    if (!this.jsonEnabled()) sayAtOnce('kv: stopping (Ctrl-C again to force)')
  }
}
