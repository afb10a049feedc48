/** `kv net drop n1 n2 --rate 0.2`: lose a part of what two nodes say to each other. */
import { Args, Flags } from '@oclif/core'
import { CliError } from '../../cli/cli-error.ts'
import { FaultCommand } from '../../cli/fault-command.ts'
import { dropPlan, nodeFrom } from '../../cli/fault-plan.ts'
import { printLine } from '../../cli/render.ts'

export default class NetDrop extends FaultCommand {
  static override summary = 'lose a part of what two nodes say to each other'
  static override description =
    'Whole messages are lost, at random: both ways, or with --one-way only what the first says ' +
    'to the second. Rate 1 loses all, and neither dials the other; rate 0 ends it.'
  static override examples = [
    '<%= config.bin %> net drop n1 n2 --rate 0.2',
    '<%= config.bin %> net drop n1 n2 --rate 1 --one-way',
  ]
  static override args = {
    from: Args.string({ required: true, ignoreStdin: true, description: 'a node' }),
    to: Args.string({ required: true, ignoreStdin: true, description: 'another one' }),
  }
  static override flags = {
    rate: Flags.string({
      required: true,
      helpValue: '<0..1>',
      description: 'the part that is lost',
    }),
    'one-way': Flags.boolean({ description: 'only from the first to the second' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(NetDrop)
    const rate = rateFrom(flags.rate)
    const oneWay = flags['one-way']
    return this.applyPlan(
      flags,
      members => {
        const [from, to] = [nodeFrom(args.from, members), nodeFrom(args.to, members)]
        return dropPlan(from, to, rate, oneWay)
      },
      () => {
        const part = `${Number((rate * 100).toFixed(4))}%`
        printLine(
          `${args.from} ${oneWay ? '->' : '<->'} ${args.to}: ${part} of the messages are lost`,
        )
      },
    )
  }
}

/** Down to a millionth, as rules keep it. */
function rateFrom(text: string): number {
  const rate = /^(0|1|0?\.\d+|1\.0+|0\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (rate >= 0 && rate <= 1) return Math.round(rate * 1_000_000) / 1_000_000
  throw new CliError('USAGE', `--rate is "${text}": write a part from 0 to 1, such as 0.2`)
}
