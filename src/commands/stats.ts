/** `kv stats`: what nodes hold, and what they did to keep it the same. */
import { answerMs } from '../cli/ask-each.ts'
import { DataCommand } from '../cli/data-command.ts'
import { Progress } from '../cli/progress.ts'
import { printLine } from '../cli/render.ts'

export default class Stats extends DataCommand {
  static override summary = 'show what nodes hold: keys, tombstones, bytes'
  static override description =
    'Counts the rows of every node, one node at a time and a page at a time, so that it does not ' +
    'hold them up: some tens of thousands a second. Beside them what each process counted ' +
    'since it began: comparisons with other nodes, and copies that they moved.'
  static override examples = ['<%= config.bin %> stats', '<%= config.bin %> stats --json']

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Stats)
    const { statsOf } = await import('../cli/stats.ts')
    const { statsDocument, statsLines, statsWarnings } = await import('../cli/stats-view.ts')
    const unseen = flags.quiet || this.jsonEnabled() || process.stderr.isTTY !== true
    return this.withClient(flags, async client => {
      const members = (await client.view()).members.map(member => member.id)
      let bar: Progress | undefined
      const onCounted = (rows: number, all: number) => {
        bar ??= new Progress('counting', all, unseen)
        bar.show(rows)
      }
      const timeoutMs = Math.min(flags.timeout, answerMs)
      const options = { timeoutMs, signal: this.signal, onCounted }
      const { stats, silent } = await statsOf(client, members, options).finally(() => bar?.end())
      if (!this.jsonEnabled()) for (const line of statsLines(stats)) printLine(line)
      for (const node of silent) this.warn(`${node} does not answer`)
      for (const warning of statsWarnings(stats)) this.warn(warning)
      return { cluster: client.cluster, ...statsDocument(stats, silent) }
    })
  }
}
