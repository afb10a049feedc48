/** What `kv repair pause` and `kv repair resume` share: one switch, on one node or on all. */
import * as Flags from '@oclif/core/flags'
import { answerMs, askEach } from './ask-each.ts'
import { CliError } from './cli-error.ts'
import { DataCommand } from './data-command.ts'
import { nodeFrom } from './fault-plan.ts'
import { printLine } from './render.ts'

export abstract class ExchangeSwitchCommand extends DataCommand {
  static override flags = {
    node: Flags.string({ helpValue: '<node>', description: 'this node only' }),
  }

  protected abstract readonly pause: boolean

  async run(): Promise<unknown> {
    // By its own name: oclif sees only a class's own flags, not those it inherits.
    const { flags } = await this.parse(ExchangeSwitchCommand)
    const { pause } = this
    const timeoutMs = Math.min(flags.timeout, answerMs)
    return this.withClient(flags, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const nodes = flags.node === undefined ? members : [nodeFrom(flags.node, members)]
      const round = await askEach(nodes, node => client.exchange(node, { pause }, { timeoutMs }))
      const done = round.answers.map(({ node, paused }) => ({ node, paused }))
      const word = pause ? 'paused' : 'comparing'
      if (!this.jsonEnabled()) for (const { node } of done) printLine(`${node}: ${word}`)
      if (done.length === 0) {
        const what = `${round.silent.join(', ')}: no answer`
        throw new CliError('UNREACHABLE', what, ['kv cluster status'])
      }
      for (const node of round.silent) this.warn(`${node} does not answer: it goes on as it was`)
      this.hint(`undo: kv repair ${pause ? 'resume' : 'pause'}`)
      return { cluster: client.cluster, nodes: done, unreached: round.silent }
    })
  }
}
