/** `kv node skew NODE... 5m`: set the wall clock of a node wrong. */
import { Args } from '@oclif/core'
import { CliError } from '../../cli/cli-error.ts'
import { signedMs } from '../../cli/duration.ts'
import { FaultCommand } from '../../cli/fault-command.ts'
import { nodeFrom } from '../../cli/fault-plan.ts'
import { skewText } from '../../cli/fault-view.ts'
import { printLine } from '../../cli/render.ts'

export default class NodeSkew extends FaultCommand {
  static override summary = "set a node's wall clock wrong"
  static override description =
    'By so much ahead, or behind with a minus; 0 sets it right. Deadlines and failure detection ' +
    'use another clock, and the lines of its log the right one. A node that starts anew is right.'
  static override examples = [
    '<%= config.bin %> node skew n3 5m',
    '<%= config.bin %> node skew n1 n2 -1d',
    '<%= config.bin %> node skew n3 0',
  ]
  static override strict = false
  static override args = {
    node: Args.string({ required: true, ignoreStdin: true, description: 'one node or several' }),
    time: Args.string({ required: true, ignoreStdin: true, description: '5m, -1d or 0' }),
  }

  async run(): Promise<unknown> {
    // A time behind begins with a dash and is no flag.
    const behind = this.argv.findIndex(word => /^-\d/.test(word))
    const words = behind === -1 ? this.argv : this.argv.filter((_, i) => i !== behind)
    const { argv, flags } = await this.parse(NodeSkew, [
      ...words,
      ...(behind === -1 ? [] : ['--', this.argv[behind] ?? '']),
    ])
    const names = argv.slice(0, -1).map(String)
    if (names.length === 0) throw new CliError('USAGE', 'name a node, then a time: n3 5m')
    const skewMs = signedMs(String(argv.at(-1)))
    return this.withClient(flags, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const nodes = names.map(name => nodeFrom(name, members))
      const { answers, silent } = await this.askEach(client, nodes, flags, async () => ({ skewMs }))
      if (!this.jsonEnabled()) {
        for (const answer of answers) printLine(`${answer.node}: ${skewText(answer.skewMs)}`)
      }
      const done = answers.map(answer => ({ node: answer.node, skewMs: answer.skewMs }))
      return { nodes: done, unreached: silent }
    })
  }
}
