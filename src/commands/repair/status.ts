/** `kv repair status`: when each pair was last proved equal, and what had to be repaired. */
import { answerMs, askEach } from '../../cli/ask-each.ts'
import { DataCommand } from '../../cli/data-command.ts'
import { printLine } from '../../cli/render.ts'

export default class RepairStatus extends DataCommand {
  static override summary = 'show when each pair of nodes was last proved equal'
  static override description =
    'Members that share partitions compare them all the time and mend what differs. A row for ' +
    'each pair: when the last of its partitions was proved equal, and how many copies moved in ' +
    'the last comparison that moved any, in the mean, at most and in all. Then partitions that ' +
    'were equal longer ago than the others of their pair, or had to be repaired.'
  static override examples = [
    '<%= config.bin %> repair status',
    '<%= config.bin %> repair status --json',
  ]

  async run(): Promise<unknown> {
    const { flags } = await this.parse(RepairStatus)
    const { proofsDocument, proofsLines, proofsNotes } = await import('../../cli/proofs-view.ts')
    const timeoutMs = Math.min(flags.timeout, answerMs)
    return this.withClient(flags, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const round = await askEach(members, node => client.exchange(node, {}, { timeoutMs }))
      const now = Date.now()
      if (!this.jsonEnabled()) for (const line of proofsLines(round, now)) printLine(line)
      for (const note of proofsNotes(round)) this.note(note)
      return { cluster: client.cluster, ...proofsDocument(round, now) }
    })
  }
}
