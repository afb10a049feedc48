/** `kv repair`: compares what nodes hold, now, and mends what differs. */
import { CliError } from '../cli/cli-error.ts'
import { DataCommand } from '../cli/data-command.ts'
import { exitOf, worstExit } from '../cli/exit-codes.ts'
import { Progress } from '../cli/progress.ts'
import { printLine, printRecord, say } from '../cli/render.ts'
import type { Started } from '../cli/repair.ts'
import { repairFlags } from '../cli/repair-options.ts'
import type { RepairSum } from '../cli/repair-view.ts'
import type { Client } from '../client/index.ts'
import type { NodeId } from '../core/ids.ts'

export default class Repair extends DataCommand {
  static override summary = 'compare what nodes hold, now, and mend what differs'
  static override description =
    'Nodes compare and mend all the time (kv repair status); this does it at once, for a part of ' +
    'the ring or all of it. Each partition is seen to by one of its owners: what differs moves, ' +
    'both ways, and nothing else. It runs in the nodes: Ctrl-C ends the watching, not the repair. ' +
    'Writes of the last few seconds are left to the writes themselves. --json: one record a line.'
  static override examples = [
    '<%= config.bin %> repair --all',
    '<%= config.bin %> repair --range 25%..50% --preview',
    '<%= config.bin %> repair --node n2 --throttle 10MB/s',
    '<%= config.bin %> repair --all --check --json',
  ]
  static override flags = repairFlags

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Repair)
    const { begin, find, scrubOf } = await import('../cli/repair.ts')
    const { planFrom } = await import('../cli/repair-flags.ts')
    const isPlain = !(flags.all || flags.range || flags.partition || flags.key || flags.node)
    return this.withClient(flags, async client => {
      const view = await client.view()
      const members = view.members.map(({ id }) => id)
      if (flags['accept-loss']) return this.acceptLoss(client, members, flags)
      if (flags.scrub) {
        const plan = scrubOf(planFrom(flags, view))
        await this.watch(client, await begin(client, members, plan))
      }
      const started =
        flags.watch && isPlain
          ? await find(client, members, '')
          : await begin(client, members, planFrom(flags, view))
      if (flags.detach) return this.detached(started.job)
      return this.watch(client, started)
    })
  }

  private async acceptLoss(
    client: Client,
    members: readonly NodeId[],
    { node: named = '', yes }: { readonly node?: string | undefined; readonly yes: boolean },
  ) {
    const { acceptLoss, acceptLossLines, lostNode, typedLoss } = await import(
      '../cli/accept-loss.ts'
    )
    const node = lostNode(named, members)
    const { signal, interactive } = this
    const typed = yes ? node : await typedLoss(node, { signal, interactive })
    const accepted = await acceptLoss(client, node, members, typed)
    for (const line of acceptLossLines(accepted)) if (!this.jsonEnabled()) printLine(line)
    if (accepted.silent.length > 0) this.endWith(exitOf('UNREACHABLE'))
    return accepted
  }

  private async watch(client: Client, started: Started): Promise<undefined> {
    const { endText, moveDocument, moveLine, progressText, sumDocument, warningsOf } = await import(
      '../cli/repair-view.ts'
    )
    const { exitAfter, follow, movesOf } = await import('../cli/repair.ts')
    let bar: Progress | undefined
    let shown = ''
    const onProgress = (sum: RepairSum) => {
      const now = `${sum.done} ${sum.keys} ${sum.rows}`
      if (this.jsonEnabled() && now !== shown) {
        void printRecord({ type: 'progress', ...sumDocument(sum), unit: 'partition' })
      }
      shown = now
      bar ??= new Progress(`repair ${sum.job}, partitions`, sum.partitions, this.jsonEnabled())
      bar.show(sum.done, progressText(sum))
    }
    const { signal } = this
    const followed = await follow(client, started, { signal, onProgress })
      .catch((problem: unknown) => this.leave(problem, started.job))
      .finally(() => bar?.end())
    const { sum, lost } = followed
    for await (const { move, held } of sum.way === 'preview' ? movesOf(client, started) : []) {
      if (this.jsonEnabled()) await printRecord(moveDocument(move, held))
      else printLine(moveLine(move, held))
    }
    if (this.jsonEnabled()) await printRecord({ type: 'done', ...sumDocument(sum), lost })
    else printLine(endText(sum))
    for (const warning of warningsOf(sum)) this.warn(warning)
    for (const node of lost)
      this.warn(`${node} fell silent or was started anew: its part is not done`)
    this.endWith(worstExit([Number(process.exitCode ?? 0), exitAfter(followed)]))
    return undefined
  }

  private async detached(job: string) {
    if (this.jsonEnabled()) return { id: job }
    printLine(`repair ${job} runs in the nodes`)
    this.hint(`next: kv repair status ${job}`)
    return undefined
  }

  /** A Ctrl-C ends the watching only. */
  private leave(problem: unknown, job: string): never {
    if (!this.signal.aborted) throw problem
    if (!this.jsonEnabled()) say(`repair ${job} goes on in the nodes: kv repair status ${job}`)
    throw new CliError('CANCELLED', 'not watched any more')
  }
}
