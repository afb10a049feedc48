/** `kv import FILE`: NDJSON records into the cluster. */
import * as Args from '@oclif/core/args'
import {
  DataCommand,
  readQuorum,
  readQuorumFlag,
  viaFlag,
  writeQuorum,
  writeQuorumFlag,
} from '../cli/data-command.ts'
import { exitOf } from '../cli/exit-codes.ts'
import { importRecords } from '../cli/import.ts'
import { counted } from '../cli/render.ts'
import { chunksFrom } from '../cli/value.ts'

export default class Import extends DataCommand {
  static override summary = 'write records of NDJSON'
  static override description =
    'One {"key","value","encoding":"utf8"|"base64"} a line, as kv export writes them. Each key ' +
    'is read first and superseded; a record with "siblings" becomes as many versions. Keys that ' +
    'have a conflict in the cluster are left alone (exit 6). Stops at the first bad line.'
  static override examples = [
    '<%= config.bin %> import backup.ndjson',
    "jq -c '{key: .id, value: tojson}' carts.ndjson | <%= config.bin %> import -",
  ]
  static override args = {
    file: Args.string({ required: true, ignoreStdin: true, description: 'a file, or - for stdin' }),
  }
  static override flags = { ...readQuorumFlag, ...writeQuorumFlag, ...viaFlag }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Import)
    return this.withClient(flags, async client => {
      const begun = performance.now()
      const options = this.callOptions(flags)
      const read = { ...options, ...readQuorum(flags) }
      const write = { ...options, ...writeQuorum(flags) }
      const left = (key: string) => this.warn(`${key} has siblings and was left as it is`)
      const chunks = chunksFrom(args.file, this.signal)
      const counts = await importRecords(client, chunks, { read, write }, left)
      const ms = Math.round(performance.now() - begun)
      this.note(`imported ${counted(counts.records, 'record')} in ${ms} ms`)
      if (counts.conflicts > 0) this.endWith(exitOf('CONFLICT'))
      return { cluster: client.cluster, ...counts, ms }
    })
  }
}
