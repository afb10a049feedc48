/** `kv net delay n1 n2 --ms 200 --jitter 50`: make what two nodes say to each other late. */
import { Args, Flags } from '@oclif/core'
import { CliError } from '../../cli/cli-error.ts'
import { FaultCommand } from '../../cli/fault-command.ts'
import { delayPlan, nodeFrom } from '../../cli/fault-plan.ts'
import { printLine } from '../../cli/render.ts'

const delayMsMax = 60_000

export default class NetDelay extends FaultCommand {
  static override summary = 'make what two nodes say to each other late, or slow'
  static override description =
    'Both ways, or with --one-way only what the first says to the second. Messages keep their ' +
    'order, so a jitter delays those behind, too. --ms 0 ends it.'
  static override examples = [
    '<%= config.bin %> net delay n1 n2 --ms 200 --jitter 50',
    '<%= config.bin %> net delay n1 n2 --bytes-per-second 20000 --one-way',
  ]
  static override args = {
    from: Args.string({ required: true, ignoreStdin: true, description: 'a node' }),
    to: Args.string({ required: true, ignoreStdin: true, description: 'another one' }),
  }
  static override flags = {
    ms: Flags.integer({ min: 0, max: delayMsMax, description: 'milliseconds later' }),
    jitter: Flags.integer({
      min: 0,
      max: delayMsMax,
      default: 0,
      description: 'so much more or less',
    }),
    'bytes-per-second': Flags.integer({ min: 1, description: 'no faster than this' }),
    'one-way': Flags.boolean({ description: 'only from the first to the second' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(NetDelay)
    const { ms, jitter: jitterMs, 'bytes-per-second': rate, 'one-way': oneWay } = flags
    if (ms === undefined && rate === undefined) {
      throw new CliError('USAGE', 'say how late: --ms, --bytes-per-second, or both')
    }
    const change = { delayMs: ms ?? 0, jitterMs, rate }
    return this.applyPlan(
      flags,
      members => {
        const [from, to] = [nodeFrom(args.from, members), nodeFrom(args.to, members)]
        return delayPlan(from, to, change, oneWay)
      },
      () => {
        const how = [
          `${change.delayMs}ms${jitterMs > 0 ? ` +-${jitterMs}ms` : ''}`,
          ...(rate === undefined ? [] : [`${rate} B/s`]),
        ]
        printLine(`${args.from} ${oneWay ? '->' : '<->'} ${args.to}: ${how.join(', ')}`)
      },
    )
  }
}
