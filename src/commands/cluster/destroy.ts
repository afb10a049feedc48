/** `kv cluster destroy NAME`: ends a cluster and removes its data. */
import { Args, Flags } from '@oclif/core'
import { KvCommand } from '../../cli/base-command.ts'
import { CliError } from '../../cli/cli-error.ts'
import { printLine } from '../../cli/render.ts'

export default class ClusterDestroy extends KvCommand {
  static override summary = 'stop a local cluster and remove it with all its data'
  static override examples = ['<%= config.bin %> cluster destroy demo --yes']
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name or path' }),
  }
  static override flags = {
    yes: Flags.boolean({ description: 'do not ask' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ClusterDestroy)
    const { locate } = await import('../../cluster/locate.ts')
    const { requireClusterFile } = await import('../../cluster/cluster-file.ts')
    const { destroy } = await import('../../cluster/down.ts')
    const directory = await locate(args.name)
    const { name } = await requireClusterFile(directory)
    if (!flags.yes) await this.confirm(name, directory)
    await destroy(directory, flags.timeout)
    if (!this.jsonEnabled()) printLine(`Cluster ${name} is destroyed.`)
    return { cluster: name, dir: directory, destroyed: true }
  }

  private async confirm(name: string, directory: string): Promise<void> {
    if (!this.interactive) {
      throw new CliError('USAGE', `this removes all data in ${directory}: say --yes`)
    }
    const { typedName } = await import('../../cli/typed-name.ts')
    const question = `This removes all data in ${directory}. Type ${name} to go on: `
    const typed = await typedName(question, this.signal)
    if (typed !== name) throw new CliError('ABORTED', 'nothing was removed')
  }
}
