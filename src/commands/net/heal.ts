/** `kv net heal`: end every fault between nodes. */
import { FaultCommand } from '../../cli/fault-command.ts'
import { healPlan } from '../../cli/fault-plan.ts'
import { printLine } from '../../cli/render.ts'

export default class NetHeal extends FaultCommand {
  static override summary = 'end every fault between nodes'
  static override description =
    'Cuts, losses, delays and rates; clocks stay as they are ("kv node skew NODE 0"). A node that ' +
    'does not answer keeps its rules until it is healed, too, or starts anew.'
  static override examples = ['<%= config.bin %> net heal']

  async run(): Promise<unknown> {
    const { flags } = await this.parse(NetHeal)
    return this.applyPlan(
      flags,
      () => healPlan,
      () => printLine('the network is whole again'),
    )
  }
}
