/** `kv repair status`: when each pair was last proved equal, and how far a repair is. */
import { Args } from '@oclif/core'
import { answerMs, askEach } from '../../cli/ask-each.ts'
import { CliError } from '../../cli/cli-error.ts'
import { DataCommand } from '../../cli/data-command.ts'
import { printLine } from '../../cli/render.ts'
import type { Client } from '../../client/index.ts'
import type { NodeId } from '../../core/ids.ts'

export default class RepairStatus extends DataCommand {
  static override summary = 'show when each pair of nodes was last proved equal'
  static override description =
    'Members that share partitions compare them all the time and mend what differs. A row for ' +
    'each pair: when the last of its partitions was proved equal, and how many copies moved in ' +
    'the last comparison that moved any, in the mean, at most and in all. Then partitions that ' +
    'were equal longer ago than the others of their pair, or had to be repaired. With the name of ' +
    'a kv repair: how far that is, or what it did; nodes remember the last one.'
  static override examples = [
    '<%= config.bin %> repair status',
    '<%= config.bin %> repair status r-7f2a1c',
  ]
  static override args = {
    repair: Args.string({ ignoreStdin: true, description: 'the name of a repair' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(RepairStatus)
    return this.withClient(flags, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const timeoutMs = Math.min(flags.timeout, answerMs)
      const found =
        args.repair === undefined
          ? await this.pairs(client, members, timeoutMs)
          : await this.repair(client, members, args.repair)
      return { cluster: client.cluster, ...found }
    })
  }

  private async pairs(client: Client, members: readonly NodeId[], timeoutMs: number) {
    const { proofsDocument, proofsLines, proofsNotes } = await import('../../cli/proofs-view.ts')
    const round = await askEach(members, node => client.exchange(node, {}, { timeoutMs }))
    const running = await this.running(client, members)
    const now = Date.now()
    if (!this.jsonEnabled()) for (const line of proofsLines(round, now)) printLine(line)
    for (const note of proofsNotes(round)) this.note(note)
    return { ...proofsDocument(round, now), running }
  }

  /** A repair that runs is said, whoever began it. */
  private async running(client: Client, members: readonly NodeId[]) {
    const { find } = await import('../../cli/repair.ts')
    const { statusText, sumDocument } = await import('../../cli/repair-view.ts')
    const found = await find(client, members, '').catch(noneOf)
    if (found?.sum.running !== true) return null
    this.note(statusText(found.sum))
    return sumDocument(found.sum)
  }

  private async repair(client: Client, members: readonly NodeId[], name: string) {
    const { find } = await import('../../cli/repair.ts')
    const { statusText, sumDocument, warningsOf } = await import('../../cli/repair-view.ts')
    const { sum } = await find(client, members, name)
    if (!this.jsonEnabled()) printLine(statusText(sum))
    for (const warning of warningsOf(sum)) this.warn(warning)
    return { repair: sumDocument(sum) }
  }
}

/** That nobody repairs, or nobody answers, is no failure here. */
function noneOf(problem: unknown): undefined {
  const isNone = problem instanceof CliError && /^(NOT_FOUND|UNREACHABLE)$/.test(problem.code)
  if (!isNone) throw problem
}
