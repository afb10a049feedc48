/** `kv cluster up [NAME]`: starts a local cluster, made first where there is none. */
import { Args, Flags } from '@oclif/core'
import { durationFlag, KvCommand } from '../../cli/base-command.ts'
import { CliError } from '../../cli/cli-error.ts'
import { lastWords, upDocument, upLines } from '../../cli/cluster-view.ts'
import { exitOf } from '../../cli/exit-codes.ts'
import { printLine } from '../../cli/render.ts'
import type { UpOptions } from '../../cluster/up.ts'

const firstSteps = [
  '  kv put hello world   write a key',
  '  kv get hello         read it',
  '  kv ring hello        see where it lives',
  '  kv cluster down      stop (data is kept)',
]

export default class ClusterUp extends KvCommand {
  static override summary = 'start a local cluster, and make it where there is none'
  static override description =
    'Data is kept until "kv cluster destroy". Nodes, replicas, partitions, fallbacks and ports ' +
    'stay as they were when the cluster was made; -r, -w and --durability may change while it ' +
    'is down. A cluster that runs already is left as it is (exit 0).'
  static override examples = [
    '<%= config.bin %> cluster up',
    '<%= config.bin %> cluster up shop -n 3',
    '<%= config.bin %> cluster up --dir ./.kv --base-port 0 --json',
  ]
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'its name [demo]' }),
  }
  static override flags = {
    nodes: Flags.integer({ char: 'n', min: 1, description: 'number of nodes [5]' }),
    replicas: Flags.integer({ min: 1, description: 'copies of each key [3]; for ever' }),
    'read-quorum': Flags.integer({ char: 'r', min: 1, description: 'answers for a read [2]' }),
    'write-quorum': Flags.integer({ char: 'w', min: 1, description: 'acks for a write [2]' }),
    partitions: Flags.integer({ min: 1, description: 'a power of two [256]; for ever' }),
    fallbacks: Flags.string({ description: 'nodes that may stand in, or all [3]; for ever' }),
    durability: Flags.option({
      options: ['durable', 'committed'] as const,
      description: 'durable: acks wait for the disk [durable]',
    })(),
    dir: Flags.string({ helpValue: '<path>', description: 'keep the cluster in this directory' }),
    'base-port': Flags.integer({
      min: 0,
      max: 65535,
      description: 'node i listens on this + i; 0: any [4700, or the next that is free]',
    }),
    foreground: Flags.boolean({ description: 'stay, and stop the cluster at Ctrl-C' }),
    timeout: durationFlag({
      env: 'KV_TIMEOUT',
      default: 30_000,
      defaultHelp: async () => '30s',
      description: 'give up waiting after this time',
    }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ClusterUp)
    const { locateForUp, portsTaken, sharedHome } = await import('../../cluster/locate.ts')
    const { directory, name } = await locateForUp(args.name, flags.cluster, flags.dir)
    this.detail(`cluster ${name} in ${directory}`)
    const options: UpOptions = {
      directory,
      name,
      wanted: {
        nodes: flags.nodes,
        replicas: flags.replicas,
        readQuorum: flags['read-quorum'],
        writeQuorum: flags['write-quorum'],
        partitions: flags.partitions,
        fallbacks: fallbacksFrom(flags.fallbacks),
        durability: flags.durability,
        basePort: flags['base-port'],
      },
      timeoutMs: flags.timeout,
      taken: await portsTaken(directory),
      home: sharedHome(),
      signal: this.signal,
      onNode: (node, port, ms) => this.note(`  ${node.name}  ${port}  ${node.state}  ${ms}ms`),
    }
    const { bringUp, bringUpHere } = await import('../../cluster/up.ts')
    const bring = flags.foreground ? bringUpHere : bringUp
    const up = await bring(options)
    if (!this.jsonEnabled()) for (const line of upLines(up)) printLine(line)
    if (up.created) for (const line of firstSteps) this.hint(line)
    for (const node of up.nodes) {
      if (node.state === 'crashed') this.warn(`${node.name} crashed: ${lastWords(node)}`)
    }
    await up.stopped
    if (up.nodes.some(node => node.state === 'crashed')) this.endWith(exitOf('STORE_REFUSED'))
    return upDocument(up, directory)
  }
}

function fallbacksFrom(text: string | undefined): number | 'all' | undefined {
  if (text === undefined || text === 'all') return text
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw new CliError('USAGE', `"${text}" is no number of fallbacks: write 0, 1, 2 ... or all`)
}
