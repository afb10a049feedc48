/** `kv cluster down [NAME]`: ends every process of a cluster; data is kept. */
import { Args, Flags } from '@oclif/core'
import { KvCommand } from '../../cli/base-command.ts'
import { printLine } from '../../cli/render.ts'

export default class ClusterDown extends KvCommand {
  static override summary = 'stop a local cluster; its data is kept'
  static override description =
    'Each node gets 5 seconds to end by itself, paused ones too, and is killed then. Works as ' +
    'well when the supervisor is gone. The next "kv cluster up" brings all nodes back.'
  static override examples = [
    '<%= config.bin %> cluster down',
    '<%= config.bin %> cluster down --all',
  ]
  static override args = { name: Args.string({ ignoreStdin: true, description: 'name or path' }) }
  static override flags = {
    all: Flags.boolean({ description: 'all clusters of this user' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ClusterDown)
    const { allDirectories, locate } = await import('../../cluster/locate.ts')
    const { bringDown } = await import('../../cluster/down.ts')
    const directories = flags.all
      ? await allDirectories()
      : [await locate(args.name ?? flags.cluster)]
    const documents = []
    for (const directory of directories) {
      const { file, endings, intentsKept } = await bringDown(directory, flags.timeout)
      const nodes = [...endings].map(([name, ending]) => ({ name, ending }))
      documents.push({ cluster: file.name, dir: directory, nodes })
      if (intentsKept) {
        this.warn('the disk has no room for cluster.json: stopped nodes stay so at the next up')
      }
      if (this.jsonEnabled()) continue
      const ended = nodes.filter(node => node.ending !== 'gone')
      const killed = ended.filter(node => node.ending === 'killed').map(node => node.name)
      const how = killed.length === 0 ? '' : `; killed after 5 s: ${killed.join(', ')}`
      printLine(
        ended.length === 0
          ? `Cluster ${file.name} was not running.`
          : `Cluster ${file.name} is down: ${ended.length} nodes ended${how}. Its data is kept.`,
      )
    }
    if (flags.all && documents.length === 0) this.note('There is no cluster.')
    return flags.all ? { clusters: documents } : documents[0]
  }
}
