/** `kv node run`: one node in the foreground; what a supervisor starts, too. */
import { resolve } from 'node:path'
import { Flags } from '@oclif/core'
import { KvCommand } from '../../cli/base-command.ts'
import { CliError } from '../../cli/cli-error.ts'
import { listenFrom, seedsFrom } from '../../cli/node-address.ts'
import { nodeIdOf } from '../../core/ids.ts'

export default class NodeRun extends KvCommand {
  static override summary = 'run one node in the foreground'
  static override description =
    'Its log goes to standard output; SIGTERM or Ctrl-C end it cleanly. Nothing is started ' +
    'beside it, and nothing starts it again. Either a cluster file says what it is, or some ' +
    'other nodes do: what it learns of the cluster is kept in its directory. A name that is no ' +
    'member is answered and owns nothing. Exit 10: its store, port or files are refused; 11: the ' +
    'credential is; 12: its disk has no room for the start.'
  static override examples = [
    '<%= config.bin %> node run --cluster-file ./cluster.json --name n1',
    '<%= config.bin %> node run --name n5 --dir ./n5 --credential secret.json --seeds 127.0.0.1:4701',
  ]
  static override flags = {
    'cluster-file': Flags.string({
      helpValue: '<file>',
      description: 'cluster.json; the secret and the stores lie beside it',
      exclusive: ['dir', 'seeds', 'listen'],
    }),
    name: Flags.string({ required: true, description: 'which node this is' }),
    dir: Flags.string({ helpValue: '<path>', description: 'where its store lies' }),
    seeds: Flags.string({
      helpValue: '<host:port,...>',
      description: 'nodes to learn the cluster from; not needed once it is known',
    }),
    listen: Flags.string({
      helpValue: '<host:port>',
      description: 'where it listens [127.0.0.1, the port it had or any]',
    }),
    durability: Flags.option({
      options: ['durable', 'committed'] as const,
      default: 'durable' as const,
      description: 'durable: acks wait for the disk',
    })(),
    faults: Flags.boolean({ description: 'take faults on purpose ("kv net", "kv node skew")' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(NodeRun)
    const name = nodeIdOf(flags.name)
    if (name === undefined) {
      throw new CliError('UNKNOWN_NODE', 'a node has a name of 1 to 32 of a-z, 0-9 and -')
    }
    // Asked for, so that the first Ctrl-C is the node's to handle.
    void this.signal
    const { runNode } = await import('../../node/run-node.ts')
    const { dir, credential, durability, faults } = flags
    if (flags['cluster-file'] !== undefined) {
      const clusterFile = resolve(flags['cluster-file'])
      process.exit(await runNode({ clusterFile, name, create: false, faults }))
    }
    if (dir === undefined || credential === undefined) {
      throw new CliError('USAGE', 'give --cluster-file, or --dir and --credential (and --seeds)')
    }
    const learns = { directory: resolve(dir), credential: resolve(credential), durability }
    const seeds = seedsFrom(flags.seeds ?? '')
    const listen = listenFrom(flags.listen)
    process.exit(await runNode({ ...learns, name, seeds, listen, faults }))
  }
}
