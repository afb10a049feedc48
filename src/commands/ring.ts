/** `kv ring [KEY]`: who owns what, and where a key lives. */
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { CliError } from '../cli/cli-error.ts'
import { DataCommand, viaFlag } from '../cli/data-command.ts'
import { printLine } from '../cli/render.ts'
import { keyFrom } from '../cli/value.ts'
import { oneLine } from '../cli/visible.ts'
import { binaryOf } from '../core/binary.ts'
import type { Key } from '../core/ids.ts'

export default class Ring extends DataCommand {
  static override summary = 'show the ring: who owns what, where a key lives'
  static override description =
    'Without a key: a picture of the ring, what each node owns, and how even that is. With one: ' +
    'its hash, partition and preference list, and what each replica holds of it.'
  static override examples = [
    '<%= config.bin %> ring',
    '<%= config.bin %> ring cart:7',
    '<%= config.bin %> ring --key plan',
  ]
  static override args = { key: Args.string({ ignoreStdin: true, description: 'a key' }) }
  static override flags = {
    key: Flags.string({ description: 'a key that is named like a subcommand' }),
    ...viaFlag,
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(Ring)
    if (args.key !== undefined && flags.key !== undefined) {
      throw new CliError('USAGE', 'two keys are given: KEY and --key')
    }
    const text = args.key ?? flags.key
    const bytes = text === undefined ? undefined : keyFrom(text)
    const shown = await import('../cli/ring-view.ts')
    return this.withClient(flags, async client => {
      const options = this.callOptions(flags)
      const ring = shown.ringView(await client.view(options))
      if (text === undefined || bytes === undefined) {
        if (!this.jsonEnabled()) for (const line of shown.ringLines(ring)) printLine(line)
        return { cluster: client.cluster, ...shown.ringDocument(ring) }
      }
      const held = await client.inspect(bytes, options)
      const place = shown.placeOf(ring, binaryOf(bytes) as Key)
      if (!this.jsonEnabled()) {
        for (const line of shown.keyLines(ring, oneLine(text), place, held)) printLine(line)
      }
      return { cluster: client.cluster, ...shown.keyDocument(ring, text, place, held) }
    })
  }
}
