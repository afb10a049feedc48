/** `kv del KEY...`: reads what is there, then puts a tombstone over it. */
import * as Args from '@oclif/core/args'
import { CliError } from '../cli/cli-error.ts'
import {
  contextFlags,
  DataCommand,
  given,
  keyArgs,
  readQuorum,
  readQuorumFlag,
  viaFlag,
  writeQuorum,
  writeQuorumFlag,
} from '../cli/data-command.ts'
import { shownDuration } from '../cli/duration.ts'
import { printLine } from '../cli/render.ts'
import { shownAcks, shownWrite } from '../cli/shown.ts'
import { oneLine } from '../cli/visible.ts'
import { checkRetry, seenBefore, written } from '../cli/write.ts'

export default class Del extends DataCommand {
  static override summary = 'delete keys'
  static override description =
    'Reads each key first and deletes what it read. A key that is not there is left alone (exit 3).'
  static override examples = [
    '<%= config.bin %> del cart:7',
    '<%= config.bin %> del cart:7 --context TOKEN',
  ]
  static override strict = false
  static override args = {
    key: Args.string({ required: true, ignoreStdin: true, description: 'one key or several' }),
  }
  static override flags = { ...contextFlags, ...readQuorumFlag, ...writeQuorumFlag, ...viaFlag }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Del)
    const keys = keyArgs(argv)
    const { context, op } = flags
    if ((context ?? op) !== undefined && keys.length > 1) {
      const what = context === undefined ? 'an operation id' : 'a context'
      throw new CliError('USAGE', `${what} belongs to one key, and several are given`)
    }
    checkRetry(flags)
    return this.withClient(flags, async client => {
      const options = this.callOptions(flags)
      return this.eachKey(keys, async ({ text, bytes }) => {
        const begun = performance.now()
        const read = { ...options, ...readQuorum(flags) }
        const seen = await seenBefore(client, bytes, text, flags, read)
        // Where it is tried again the first try may have deleted it.
        if (!seen.found && op === undefined)
          throw new CliError('NOT_FOUND', `${oneLine(text)}: not found`)
        if (seen.warning !== undefined) this.warn(seen.warning)
        const wanted = {
          ...options,
          ...writeQuorum(flags),
          ...given({ context: seen.context, op }),
        }
        const done = await written(client.delete(bytes, wanted), seen.context)
        const ms = Math.round(performance.now() - begun)
        const acks = shownAcks(done.outcome)
        if (!this.jsonEnabled()) {
          printLine(`deleted ${oneLine(text)}  ${acks} in ${shownDuration(ms)}`)
        }
        this.tellWritten(done.outcome)
        const document = { cluster: client.cluster, key: text, ...shownWrite(done), ms }
        return { document, exit: 0 }
      })
    })
  }
}
