/** `kv cluster up [NAME]`: starts a local cluster, made first where there is none. */
import { Args, Flags } from '@oclif/core'
import { durationFlag, KvCommand } from '../../cli/base-command.ts'
import { missingProblem, upDocument, upLines } from '../../cli/cluster-view.ts'
import { exitOf } from '../../cli/exit-codes.ts'
import { printLine } from '../../cli/render.ts'
import { settingsFlags, wantedSettings } from '../../cli/settings-flags.ts'
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
    'stay as they were when the cluster was made; -r, -w, --durability, --read-repair and ' +
    '--hint-quota may change while it is down. A cluster that runs already is left as it is (exit 0).'
  static override examples = [
    '<%= config.bin %> cluster up',
    '<%= config.bin %> cluster up shop -n 3',
    '<%= config.bin %> cluster up --dir ./.kv --base-port 0 --json',
  ]
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'its name [demo]' }),
  }
  static override flags = {
    ...settingsFlags,
    dir: Flags.string({ helpValue: '<path>', description: 'keep the cluster in this directory' }),
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
      wanted: wantedSettings(flags),
      timeoutMs: flags.timeout,
      taken: await portsTaken(directory),
      home: sharedHome(),
      signal: this.signal,
      onReport: (event, { about, text = '' }, level) => {
        if (level !== undefined && level !== 'info')
          this.note(`kv: ${about ?? ''} ${event} ${text}`)
      },
      onNode: (node, port, ms) => this.note(`  ${node.name}  ${port}  ${node.state}  ${ms}ms`),
    }
    const { bringUp, bringUpHere } = await import('../../cluster/up.ts')
    const bring = flags.foreground ? bringUpHere : bringUp
    const up = await bring(options)
    if (!this.jsonEnabled()) for (const line of upLines(up)) printLine(line)
    if (up.created) for (const line of firstSteps) this.hint(line)
    for (const node of up.nodes) {
      const problem = missingProblem(node)
      if (problem !== undefined) this.warn(`${node.name} ${problem}`)
    }
    await up.stopped
    if (up.nodes.some(node => missingProblem(node) !== undefined))
      this.endWith(exitOf('STORE_REFUSED'))
    return upDocument(up, directory)
  }
}
