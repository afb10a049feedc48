/** `kv repair cancel`: ends the repair that runs. */
import { Args } from '@oclif/core'
import { DataCommand } from '../../cli/data-command.ts'
import { printLine } from '../../cli/render.ts'

export default class RepairCancel extends DataCommand {
  static override summary = 'end the repair that runs'
  static override description =
    'What it moved stays; what is left differs as before, until nodes compare by themselves.'
  static override examples = ['<%= config.bin %> repair cancel']
  static override args = {
    repair: Args.string({ ignoreStdin: true, description: 'the name of a repair' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(RepairCancel)
    const { cancel, find } = await import('../../cli/repair.ts')
    const { statusText, sumDocument } = await import('../../cli/repair-view.ts')
    return this.withClient(flags, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const sum = await cancel(client, await find(client, members, args.repair ?? ''))
      if (!this.jsonEnabled()) printLine(statusText(sum))
      return { cluster: client.cluster, repair: sumDocument(sum) }
    })
  }
}
