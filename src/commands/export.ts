/** `kv export [FILE]`: every key with its versions, one JSON object a line, in token order. */
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { CliError } from '../cli/cli-error.ts'
import { DataCommand, readQuorum, readQuorumFlag, viaFlag } from '../cli/data-command.ts'
import { exportRecords } from '../cli/export.ts'
import { OutputFile } from '../cli/output-file.ts'
import { Missing, partialExit, partialFlag } from '../cli/partial.ts'
import { counted, say } from '../cli/render.ts'

export default class Export extends DataCommand {
  static override summary = 'write all keys and values as NDJSON'
  static override description =
    'Records are {"key","value","encoding"}; a key with a conflict has "siblings" instead of a ' +
    'value. Keys written or deleted meanwhile may or may not be in it. The file is complete or ' +
    'not there.'
  static override examples = [
    '<%= config.bin %> export backup.ndjson',
    '<%= config.bin %> export --prefix cart: | jq -r .key',
  ]
  static override args = {
    file: Args.string({ ignoreStdin: true, default: '-', description: 'a file, or - for stdout' }),
  }
  static override flags = {
    prefix: Flags.string({ description: 'only keys that begin so', default: '' }),
    ...partialFlag,
    ...readQuorumFlag,
    ...viaFlag,
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Export)
    const begun = performance.now()
    return this.withClient(flags, async client => {
      await using output = await OutputFile.open(args.file)
      const options = { ...this.callOptions(flags), ...readQuorum(flags) }
      const missing = new Missing()
      const wanted = { prefix: flags.prefix, partial: flags.partial, missing }
      const counts = await exportRecords(client, output, wanted, options)
      if (!flags.partial && missing.some) throw incomplete(missing)
      await output.finish()
      const ms = Math.round(performance.now() - begun)
      const { records, conflicts } = counts
      this.note(`exported ${counted(records, 'record')}, ${conflicts} with siblings, in ${ms} ms`)
      if (missing.some) {
        say(missing.line('the export'))
        this.endWith(partialExit)
      }
      // Records and a summary must not share one stream.
      if (args.file === '-') return undefined
      const lacks = missing.some ? { missing: missing.shown } : {}
      return { cluster: client.cluster, ...counts, ms, ...lacks }
    })
  }
}

/** All else was read by then, so that all of them are named at once; no file is left behind. */
function incomplete(missing: Missing): CliError {
  const line = `${missing.tooLargeText}: nothing is left out unless it is asked for`
  return new CliError('TOO_LARGE', line, ['kv export --partial: all the others, and exit 5'])
}
