/** `kv batch -f FILE`: many operations over one connection. */
import * as Flags from '@oclif/core/flags'
import { batchResults } from '../cli/batch.ts'
import {
  DataCommand,
  readQuorum,
  readQuorumFlag,
  viaFlag,
  writeQuorum,
  writeQuorumFlag,
} from '../cli/data-command.ts'
import { worstExit } from '../cli/exit-codes.ts'
import { printRecord } from '../cli/render.ts'
import { chunksFrom } from '../cli/value.ts'

export default class Batch extends DataCommand {
  static override summary = 'run put, get and del from a file, one a line'
  static override description =
    'A line is: put KEY VALUE, get KEY, or del KEY; the value is the rest of the line, and a word ' +
    'in double quotes is a JSON string. Or a JSON object: {"op","key","value","encoding"}. ' +
    'Prints one JSON result a line, in order; lines of one key run in order, others side by ' +
    'side. Ends with the worst exit code.'
  static override examples = [
    'printf "put a 1\\nget a\\n" | <%= config.bin %> batch',
    '<%= config.bin %> batch -f operations.txt',
  ]
  static override flags = {
    file: Flags.string({ char: 'f', default: '-', description: 'a file, or - for stdin' }),
    blind: Flags.boolean({ description: 'read nothing before a put or del' }),
    ...readQuorumFlag,
    ...writeQuorumFlag,
    ...viaFlag,
  }

  async run(): Promise<undefined> {
    const { flags } = await this.parse(Batch)
    await this.withClient(flags, async client => {
      const common = this.callOptions(flags)
      const options = {
        read: { ...common, ...readQuorum(flags) },
        write: { ...common, ...writeQuorum(flags) },
        blind: flags.blind,
      }
      const exits = new Set<number>()
      const chunks = chunksFrom(flags.file, this.signal)
      for await (const { document, exit } of batchResults(client, chunks, options)) {
        exits.add(exit)
        if (document !== undefined) await printRecord(document)
      }
      this.endWith(worstExit(exits))
    })
    return undefined
  }
}
