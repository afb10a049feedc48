/** `kv hints`: what nodes keep for others that are away, and its handing over. */
import * as Flags from '@oclif/core/flags'
import { answerMs, askEach } from '../cli/ask-each.ts'
import { durationFlag } from '../cli/base-command.ts'
import { DataCommand } from '../cli/data-command.ts'
import { shownDuration } from '../cli/duration.ts'
import { nodeFrom } from '../cli/fault-plan.ts'
import { Progress } from '../cli/progress.ts'
import { counted, printLine } from '../cli/render.ts'
import type { Client } from '../client/index.ts'
import type { NodeId } from '../core/ids.ts'

/** How long a member is looked for; the rest of `--timeout` is for handing over. */
const connectMs = 5000

export default class Hints extends DataCommand {
  static override summary = 'show what nodes keep for others that are away'
  static override description =
    'A node that stood in for an owner keeps a hint for it, and hands it over once the owner is ' +
    'back. Asks every member; a hint older than an hour is an alarm on stderr. --drain: has all ' +
    'holders hand over what is for one node now, at full speed, and waits until none is left.'
  static override examples = [
    '<%= config.bin %> hints',
    '<%= config.bin %> hints --drain n2 --timeout 5m',
  ]
  static override flags = {
    drain: Flags.string({ helpValue: '<node>', description: 'hand over what is kept for it' }),
    timeout: durationFlag({
      env: 'KV_TIMEOUT',
      default: 60_000,
      defaultHelp: async () => '1m',
      description: 'how long to wait for --drain',
    }),
  }

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Hints)
    const reach = { ...flags, timeout: Math.min(flags.timeout, connectMs) }
    return this.withClient(reach, async client => {
      const members = (await client.view()).members.map(member => member.id)
      const found =
        flags.drain === undefined
          ? await this.show(client, members, Math.min(flags.timeout, answerMs))
          : await this.drain(client, members, nodeFrom(flags.drain, members), flags)
      return { cluster: client.cluster, ...found }
    })
  }

  private async show(client: Client, members: readonly NodeId[], timeoutMs: number) {
    const { hintAlarms, hintsDocument, hintsLines } = await import('../cli/hints-view.ts')
    const round = await askEach(members, node => client.hints(node, {}, { timeoutMs }))
    const now = Date.now()
    if (!this.jsonEnabled()) for (const line of hintsLines(round, now)) printLine(line)
    for (const node of round.silent) this.note(`${node} does not answer`)
    for (const alarm of hintAlarms(round, now)) this.warn(alarm)
    return hintsDocument(round, now)
  }

  private async drain(
    client: Client,
    members: readonly NodeId[],
    node: NodeId,
    { timeout, quiet }: { readonly timeout: number; readonly quiet: boolean },
  ) {
    const { drain } = await import('../cli/drain.ts')
    const unseen = quiet || this.jsonEnabled() || process.stderr.isTTY !== true
    let bar: Progress | undefined
    const onRound = (before: number, left: number) => {
      bar ??= new Progress(`handing over to ${node}`, before, unseen)
      bar.show(before - left)
    }
    const options = { timeoutMs: timeout, signal: this.signal, onRound }
    const drained = await drain(client, node, members, options).finally(() => bar?.end())
    const { hints, ms, silent } = drained
    for (const holder of silent) this.warn(`${holder} does not answer: what it keeps is unknown`)
    const done = `${counted(hints, 'hint')} handed over in ${shownDuration(ms)}`
    if (!this.jsonEnabled()) printLine(hints === 0 ? `no hints for ${node}` : `${node}: ${done}`)
    return { drained: { node, hints, ms }, unreached: silent }
  }
}
