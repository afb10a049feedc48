/** `kv cluster logs [NAME]`: what the nodes wrote, in the order of time. */
import { setTimeout as pause } from 'node:timers/promises'
import { Args, Flags } from '@oclif/core'
import { KvCommand } from '../../cli/base-command.ts'
import { CliError } from '../../cli/cli-error.ts'
import { printLine, printRecord } from '../../cli/render.ts'
import { logLevels } from '../../cluster/logs.ts'

const followMs = 200

export default class ClusterLogs extends KvCommand {
  static override summary = 'show the logs of a local cluster'
  static override description =
    'The end of each log, all nodes and the supervisor as one stream. --json: one record a line.'
  static override examples = [
    '<%= config.bin %> cluster logs',
    '<%= config.bin %> cluster logs -f -n n2 --level warn',
  ]
  static override args = { name: Args.string({ ignoreStdin: true, description: 'name or path' }) }
  static override flags = {
    follow: Flags.boolean({ char: 'f', description: 'go on with what is written from now on' }),
    node: Flags.string({ char: 'n', multiple: true, description: 'only this node' }),
    level: Flags.option({ options: logLevels, default: 'info', description: 'at least this' })(),
    grep: Flags.string({ helpValue: '<regexp>', description: 'only lines that match' }),
    lines: Flags.integer({ min: 0, default: 200, description: 'lines to begin with' }),
  }

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ClusterLogs)
    const { locate } = await import('../../cluster/locate.ts')
    const { LogReader, logNames } = await import('../../cluster/logs.ts')
    const directory = await locate(args.name ?? flags.cluster)
    const pattern = flags.grep === undefined ? undefined : patternFrom(flags.grep)
    const names = await logNames(directory, flags.node)
    const reader = new LogReader(directory, names, { level: flags.level, pattern })
    const begin = await reader.read()
    const { signal } = this
    let lines = flags.lines === 0 ? [] : begin.slice(-flags.lines)
    for (;;) {
      for (const line of lines) {
        const record = line.fields ?? { time: line.time, node: line.node, text: line.text }
        if (this.jsonEnabled()) await printRecord(record)
        else printLine(shownLine(line.node, line.text, line.fields))
      }
      if (!flags.follow || signal.aborted) return undefined
      await pause(followMs, undefined, { signal }).catch(() => undefined)
      lines = [...(await reader.read())]
    }
  }
}

function patternFrom(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch {
    throw new CliError('USAGE', '--grep is no regular expression')
  }
}

function shownLine(
  node: string,
  text: string,
  fields: Readonly<Record<string, unknown>> | undefined,
) {
  if (fields === undefined) return `${node.padEnd(4)} ${text}`
  const { time, level, node: _, event, ...rest } = fields
  const detail = Object.entries(rest).map(([name, value]) => `${name}=${String(value)}`)
  return [node.padEnd(4), String(time).slice(11, 23), level, event, ...detail].join(' ')
}
