/** `kv net isolate n3`: cut one node off from all the others. */
import { Args } from '@oclif/core'
import { FaultCommand } from '../../cli/fault-command.ts'
import { isolationPlan, nodeFrom } from '../../cli/fault-plan.ts'
import { printLine } from '../../cli/render.ts'

export default class NetIsolate extends FaultCommand {
  static override summary = 'cut one node off from all the others'
  static override description =
    'It hears no node and no node hears it; clients still reach it. What is cut already stays cut.'
  static override examples = ['<%= config.bin %> net isolate n3']
  static override args = {
    node: Args.string({ required: true, ignoreStdin: true, description: 'the node' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(NetIsolate)
    const done = await this.applyPlan(
      flags,
      members => isolationPlan(nodeFrom(args.node, members), members),
      () => printLine(`${args.node} is cut off from every other node`),
    )
    this.hint('undo: kv net heal')
    return done
  }
}
