/** `kv net show`: the faults that nodes keep, and clocks that are wrong on purpose. */
import { FaultCommand } from '../../cli/fault-command.ts'
import { faultLines, faultsDocument } from '../../cli/fault-view.ts'
import { printLine } from '../../cli/render.ts'

export default class NetShow extends FaultCommand {
  static override summary = 'show the faults on purpose between nodes'
  static override examples = ['<%= config.bin %> net show']

  async run(): Promise<unknown> {
    const { flags } = await this.parse(NetShow)
    return this.withClient(flags, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const { answers, silent } = await this.askEach(client, members, flags, async () => ({}))
      if (!this.jsonEnabled()) for (const line of faultLines(answers)) printLine(line)
      return faultsDocument(answers, silent)
    })
  }
}
