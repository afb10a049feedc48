/** `kv net partition "n1,n2|n3,n4,n5"`: cut the network between nodes in two or more. */
import { Args } from '@oclif/core'
import { FaultCommand } from '../../cli/fault-command.ts'
import { partitionPlan, sidesFrom } from '../../cli/fault-plan.ts'
import { sidesLine } from '../../cli/fault-view.ts'
import { printLine } from '../../cli/render.ts'

export default class NetPartition extends FaultCommand {
  static override summary = 'cut the network between nodes in two or more sides'
  static override description =
    'No message passes between nodes of different sides, and none of them dials the other. ' +
    'Clients still reach every node. Replaces an earlier split; other faults stay.'
  static override examples = ['<%= config.bin %> net partition "n1,n2|n3,n4,n5"']
  static override args = {
    sides: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'nodes with commas, sides with |',
    }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(NetPartition)
    const done = await this.applyPlan(
      flags,
      members => partitionPlan(sidesFrom(args.sides, members), members),
      members => printLine(sidesLine(sidesFrom(args.sides, members), members)),
    )
    this.hint('undo: kv net heal')
    return done
  }
}
