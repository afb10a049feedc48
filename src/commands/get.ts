/** `kv get KEY...`: exact bytes into a pipe, escaped text onto a terminal, never one of many. */
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { CliError } from '../cli/cli-error.ts'
import {
  DataCommand,
  explainFlag,
  given,
  keyArgs,
  readQuorum,
  readQuorumFlag,
  viaFlag,
} from '../cli/data-command.ts'
import { contextToken } from '../cli/encoding.ts'
import { exitOfEntry, printEntry } from '../cli/print-entry.ts'
import { printLine } from '../cli/render.ts'
import { repairModeFlag } from '../cli/repair-mode.ts'
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
    '<%= config.bin %> get cart:7 --explain > cart.json',
    '<%= config.bin %> get a b c --json',
  ]
  static override strict = false
  static override args = {
    key: Args.string({ required: true, ignoreStdin: true, description: 'one key or several' }),
  }
  static override flags = {
    'context-only': Flags.boolean({ description: 'print the context for a put, not the value' }),
    'read-repair': repairModeFlag({ description: 'how this read mends replicas' }),
    ...readQuorumFlag,
    ...explainFlag,
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
      const { explain, 'read-repair': readRepair } = flags
      const wanted = { explain, ...readQuorum(flags), ...given({ readRepair }) }
      const options = { ...this.callOptions(flags), ...wanted }
      return this.eachKey(keys, async key => {
        const begun = performance.now()
        const entry = await this.explaining(key.text, client.get(key.bytes, options))
        const ms = Math.round(performance.now() - begun)
        const onlyContext = flags['context-only']
        if (!this.jsonEnabled()) {
          if (onlyContext) printLine(contextToken(entry.context))
          else await printEntry(entry, key.text, several)
        }
        this.tellRead(key.text, entry.outcome)
        const told = await this.tellExplained(explain, key.text, entry.explained)
        const head = { cluster: client.cluster, key: key.text }
        const document = { ...head, ...shownEntry(entry), ms, ...told }
        return { document, exit: onlyContext ? 0 : exitOfEntry(entry) }
      })
    })
  }
}
