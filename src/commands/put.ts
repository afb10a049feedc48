/** `kv put KEY VALUE`: reads what is there, then supersedes it. */
import * as Args from '@oclif/core/args'
import { CliError } from '../cli/cli-error.ts'
import {
  contextFlags,
  DataCommand,
  explainFlag,
  given,
  readQuorum,
  readQuorumFlag,
  viaFlag,
  writeQuorum,
  writeQuorumFlag,
} from '../cli/data-command.ts'
import { shownDuration } from '../cli/duration.ts'
import { counted, printLine } from '../cli/render.ts'
import { shownAcks, shownWrite } from '../cli/shown.ts'
import { keyFrom, valueFrom } from '../cli/value.ts'
import { oneLine } from '../cli/visible.ts'
import { checkRetry, seenBefore, written } from '../cli/write.ts'

export default class Put extends DataCommand {
  static override summary = 'write a key, superseding what it holds now'
  static override description =
    'Reads the key first and supersedes what it read, so that ordinary use makes no conflict. ' +
    'A value on the command line is seen by other users and kept in the shell history: use - or ' +
    '@FILE for what is private.'
  static override examples = [
    '<%= config.bin %> put cart:7 tea',
    'date | <%= config.bin %> put now -',
    '<%= config.bin %> put logo @logo.png',
    '<%= config.bin %> put cart:7 settled --context TOKEN',
  ]
  static override args = {
    key: Args.string({ required: true, ignoreStdin: true, description: 'text, 1 to 1,024 bytes' }),
    value: Args.string({
      ignoreStdin: true,
      description: 'the value itself, - for standard input, @FILE for a file, @@x for "@x"',
    }),
  }
  static override flags = {
    ...contextFlags,
    ...readQuorumFlag,
    ...writeQuorumFlag,
    ...explainFlag,
    ...viaFlag,
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Put)
    const key = keyFrom(args.key)
    checkRetry(flags)
    if (args.value === undefined) {
      throw new CliError('USAGE', 'missing VALUE: use - for standard input')
    }
    const value = await valueFrom(args.value)
    return this.withClient(flags, async client => {
      const begun = performance.now()
      const options = this.callOptions(flags)
      const read = { ...options, ...readQuorum(flags) }
      const seen = await seenBefore(client, key, oneLine(args.key), flags, read)
      if (seen.warning !== undefined) this.warn(seen.warning)
      const wanted = given({ context: seen.context, op: flags.op, explain: flags.explain })
      const put = client.put(key, value, { ...options, ...writeQuorum(flags), ...wanted })
      const done = await this.explaining(args.key, written(put, seen.context))
      const ms = Math.round(performance.now() - begun)
      if (!this.jsonEnabled()) {
        const acks = shownAcks(done.outcome)
        printLine(`ok ${oneLine(args.key)}  ${acks} in ${shownDuration(ms)}`)
        if (done.siblings > 0) this.note(`kept beside ${counted(done.siblings, 'other version')}`)
      }
      this.tellWritten(done.outcome)
      const told = await this.tellExplained(flags.explain, args.key, done.explained)
      return { cluster: client.cluster, key: args.key, ...shownWrite(done), ms, ...told }
    })
  }
}
