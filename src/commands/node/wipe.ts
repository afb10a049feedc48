/** `kv node wipe NODE... [--start]`: stop a node and delete its data. */
import { Args, Flags } from '@oclif/core'
import { KvCommand } from '../../cli/base-command.ts'
import { printLine } from '../../cli/render.ts'

export default class NodeWipe extends KvCommand {
  static override summary = 'stop a node and delete its data'
  static override description =
    'The node comes back under its name with an empty store, which is not whole: it takes writes, ' +
    'and what it lacks counts for no read. What only this node held is lost. Its log is kept.'
  static override examples = ['<%= config.bin %> node wipe n3 --start']
  static override strict = false
  static override args = {
    node: Args.string({ required: true, ignoreStdin: true, description: 'one node or several' }),
  }
  static override flags = {
    start: Flags.boolean({ description: 'start it again at once' }),
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(NodeWipe)
    const { locate } = await import('../../cluster/locate.ts')
    const { actOnNodes } = await import('../../cluster/node-action.ts')
    const directory = await locate(flags.cluster)
    const nodes = argv.map(String)
    const done = [...(await actOnNodes(directory, nodes, 'wipe', flags.timeout))]
    if (!this.jsonEnabled()) for (const { node } of done) printLine(`${node}: its data is deleted`)
    if (flags.start) {
      const started = await actOnNodes(directory, nodes, 'start', flags.timeout)
      if (!this.jsonEnabled()) {
        for (const { node } of started) printLine(`${node}: started with an empty store`)
      }
      done.push(...started)
    } else this.hint(`next: kv node start ${nodes.join(' ')}`)
    return done.length === 1 ? done[0] : { nodes: done }
  }
}
