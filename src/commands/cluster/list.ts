/** `kv cluster list`: this user's clusters. */
import { KvCommand } from '../../cli/base-command.ts'
import { printLine, tableLines } from '../../cli/render.ts'

export default class ClusterList extends KvCommand {
  static override summary = "list this user's clusters"
  static override description =
    'A * marks the one that commands mean when none is named. Clusters made with --dir are not ' +
    'listed: they are named by their path.'
  static override examples = [
    '<%= config.bin %> cluster list',
    '<%= config.bin %> cluster list --json',
  ]

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ClusterList)
    const { listed } = await import('../../cluster/list.ts')
    const clusters = await listed(flags.cluster, flags.timeout)
    if (!this.jsonEnabled()) {
      const rows = clusters.map(({ name, current, state, running, nodes, dir }) => [
        `${current ? '*' : ' '} ${name}`,
        state,
        `${running}/${nodes}`,
        dir,
      ])
      if (rows.length === 0) printLine('There is no cluster: kv cluster up makes one.')
      else for (const line of tableLines(['  NAME', 'STATE', 'NODES', 'DIR'], rows)) printLine(line)
    }
    return { clusters }
  }
}
