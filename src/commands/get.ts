/** `kv get KEY...`: exact bytes into a pipe, escaped text onto a terminal, never one of many. */
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { CliError } from '../cli/cli-error.ts'
import { DataCommand, keyArgs, readQuorum, readQuorumFlag, viaFlag } from '../cli/data-command.ts'
import { contextToken } from '../cli/encoding.ts'
import { exitOf } from '../cli/exit-codes.ts'
import { printEntry } from '../cli/print-entry.ts'
import { printLine } from '../cli/render.ts'
import { shownEntry } from '../cli/shown.ts'

export default class Get extends DataCommand {
  static override summary = 'read keys'
  static override description =
    'Into a pipe or a file goes the exact value; a terminal shows control bytes escaped. A key ' +
    'that is not there is exit 3. A key with a conflict is exit 6: a terminal shows every ' +
    'version, a pipe gets nothing, so that no script picks one by accident.'
  static override examples = [
    '<%= config.bin %> get cart:7',
    '<%= config.bin %> get logo > logo.png',
    '<%= config.bin %> get cart:7 --context-only',
    '<%= config.bin %> get a b c --json',
  ]
  static override strict = false
  static override args = {
    key: Args.string({ required: true, ignoreStdin: true, description: 'one key or several' }),
  }
  static override flags = {
    'context-only': Flags.boolean({ description: 'print the context for a put, not the value' }),
    ...readQuorumFlag,
    ...viaFlag,
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Get)
    const keys = keyArgs(argv)
    const several = keys.length > 1
    if (several && !this.jsonEnabled() && !process.stdout.isTTY) {
      throw new CliError('USAGE', 'several values in a pipe cannot be told apart: use --json')
    }
    return this.withClient(flags, async client => {
      const options = { ...this.callOptions(flags), ...readQuorum(flags) }
      return this.eachKey(keys, async key => {
        const begun = performance.now()
        const entry = await client.get(key.bytes, options)
        const ms = Math.round(performance.now() - begun)
        const document = { cluster: client.cluster, key: key.text, ...shownEntry(entry), ms }
        if (flags['context-only']) {
          if (!this.jsonEnabled()) printLine(contextToken(entry.context))
          return { document, exit: 0 }
        }
        if (!this.jsonEnabled())
          return { document, exit: await printEntry(entry, key.text, several) }
        const conflict = entry.found && entry.conflict
        const exit = entry.found ? (conflict ? exitOf('CONFLICT') : 0) : exitOf('NOT_FOUND')
        return { document, exit }
      })
    })
  }
}
