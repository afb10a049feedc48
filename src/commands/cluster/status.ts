/** `kv cluster status [NAME]`: how it is, a verdict first. */
import { Args, Flags } from '@oclif/core'
import { KvCommand } from '../../cli/base-command.ts'
import { statusDocument, statusLines } from '../../cli/cluster-view.ts'
import { exitOf } from '../../cli/exit-codes.ts'
import { printLine } from '../../cli/render.ts'

export default class ClusterStatusCommand extends KvCommand {
  static override summary = 'show how a local cluster is'
  static override description =
    'Asks the supervisor for the processes and each node that runs for itself. Exit 0 whenever ' +
    'it could look; with --check, 9 unless the cluster is healthy.'
  static override examples = [
    '<%= config.bin %> cluster status',
    '<%= config.bin %> cluster status --check --json',
  ]
  static override args = { name: Args.string({ ignoreStdin: true, description: 'name or path' }) }
  static override flags = {
    check: Flags.boolean({ description: 'exit 9 unless the cluster is healthy' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ClusterStatusCommand)
    const { locate } = await import('../../cluster/locate.ts')
    const { clusterStatus } = await import('../../cluster/status.ts')
    const status = await clusterStatus(await locate(args.name ?? flags.cluster), flags.timeout)
    if (!this.jsonEnabled()) for (const line of statusLines(status)) printLine(line)
    if (flags.check && status.health !== 'healthy') this.endWith(exitOf('CHECK_FAILED'))
    return statusDocument(status)
  }
}
