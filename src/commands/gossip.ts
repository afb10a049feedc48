/** `kv gossip`: who believes what about whom. */
import { setTimeout as pause } from 'node:timers/promises'
import { Flags } from '@oclif/core'
import { answerMs, askEach } from '../cli/ask-each.ts'
import { DataCommand } from '../cli/data-command.ts'
import { exitOf } from '../cli/exit-codes.ts'
import { type GossipRound, gossipDocument, gossipLines, isAgreed } from '../cli/gossip-view.ts'
import { hasUnicode, printLine, printRecord, redraw } from '../cli/render.ts'
import type { Client } from '../client/index.ts'

const watchMs = 1000

export default class Gossip extends DataCommand {
  static override summary = 'show who believes what about whom'
  static override description =
    'Asks every member what it believes of all: a row for each one that answers. --check: exit 9 ' +
    'unless those who answer agree that all of them are alive, and on one epoch.'
  static override examples = [
    '<%= config.bin %> gossip',
    '<%= config.bin %> gossip --check',
    '<%= config.bin %> gossip --watch --json',
  ]
  static override flags = {
    check: Flags.boolean({ description: 'exit 9 where they do not agree' }),
    watch: Flags.boolean({
      description: 'again every second, until Ctrl-C; --json: one record a line',
      exclusive: ['check'],
    }),
  }

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Gossip)
    const limitMs = Math.min(flags.timeout, answerMs)
    return this.withClient(flags, async client => {
      if (flags.watch) return this.watchAll(client, limitMs)
      const round = await askAll(client, limitMs)
      if (!this.jsonEnabled()) for (const line of gossipLines(round, hasUnicode())) printLine(line)
      if (flags.check && !isAgreed(round)) this.endWith(exitOf('CHECK_FAILED'))
      return gossipDocument(round)
    })
  }

  private async watchAll(client: Client, limitMs: number): Promise<undefined> {
    const { signal } = this
    while (!signal.aborted) {
      const round = await askAll(client, limitMs)
      if (this.jsonEnabled())
        await printRecord({ at: new Date().toISOString(), ...gossipDocument(round) })
      else redraw(gossipLines(round, hasUnicode()))
      await pause(watchMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

async function askAll(client: Client, timeoutMs: number): Promise<GossipRound> {
  const members = (await client.view()).members.map(member => member.id)
  const { answers } = await askEach(members, node => client.gossip(node, { timeoutMs }))
  return { members, answers }
}
