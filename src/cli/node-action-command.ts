/** What `kv node start|stop|kill|restart|pause|resume` share: one action, one or more nodes. */
import { Args } from '@oclif/core'
import type { Action } from '../cluster/node-process.ts'
import { KvCommand } from './base-command.ts'
import { printLine } from './render.ts'

const opposites: Readonly<Partial<Record<Action, Action>>> = {
  kill: 'start',
  stop: 'start',
  pause: 'resume',
}

export abstract class NodeActionCommand extends KvCommand {
  static override strict = false
  static override args = {
    node: Args.string({ required: true, ignoreStdin: true, description: 'one node or several' }),
  }

  protected abstract readonly action: Action

  async run(): Promise<unknown> {
    // By its own name: oclif sees only a class's own arguments, not those it inherits.
    const { argv, flags } = await this.parse(NodeActionCommand)
    const { locate } = await import('../cluster/locate.ts')
    const { actOnNodes } = await import('../cluster/node-action.ts')
    const { cluster, timeout } = flags
    const directory = await locate(cluster)
    const done = await actOnNodes(directory, argv.map(String), this.action, timeout)
    if (!this.jsonEnabled()) {
      for (const { node, action, from, to } of done) {
        const isSame = from === to && action !== 'restart'
        printLine(isSame ? `${node} is ${to} already` : `${node}: ${from} -> ${to}`)
      }
      const opposite = opposites[this.action]
      if (opposite !== undefined) this.hint(`undo: kv node ${opposite} ${argv.join(' ')}`)
    }
    return done.length === 1 ? done[0] : { nodes: done }
  }
}
