/** `kv node run`: one node in the foreground; what a supervisor starts, too. */
import { resolve } from 'node:path'
import { Flags } from '@oclif/core'
import { KvCommand } from '../../cli/base-command.ts'
import { CliError } from '../../cli/cli-error.ts'
import { nameOf } from '../../core/ids.ts'

export default class NodeRun extends KvCommand {
  static override summary = 'run one node in the foreground'
  static override description =
    'Its log goes to standard output; SIGTERM or Ctrl-C end it cleanly. Nothing is started ' +
    'beside it, and nothing starts it again. Exit 10: its store, port or cluster file is refused.'
  static override examples = ['<%= config.bin %> node run --cluster-file ./cluster.json --name n1']
  static override flags = {
    'cluster-file': Flags.string({
      required: true,
      helpValue: '<file>',
      description: 'cluster.json; the secret and the stores lie beside it',
    }),
    name: Flags.string({ required: true, description: 'which of its nodes this is' }),
    faults: Flags.boolean({ description: 'take faults on purpose ("kv net", "kv node skew")' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(NodeRun)
    if (nameOf(flags.name) === undefined) {
      throw new CliError('UNKNOWN_NODE', 'a node has a name of 1 to 32 of a-z, 0-9 and -')
    }
    // Asked for, so that the first Ctrl-C is the node's to handle.
    void this.signal
    const { runNode } = await import('../../node/run-node.ts')
    const clusterFile = resolve(flags['cluster-file'])
    const { name, faults } = flags
    const exit = await runNode({ clusterFile, name, create: false, faults })
    process.exit(exit)
  }
}
