/** `kv keys`: the keys of the cluster in token order, page by page. */
import * as Flags from '@oclif/core/flags'
import { CliError } from '../cli/cli-error.ts'
import { DataCommand, given, viaFlag } from '../cli/data-command.ts'
import { contextToken as cursorToken, encodedKey } from '../cli/encoding.ts'
import { Missing, partialExit, partialFlag } from '../cli/partial.ts'
import { printChunk, printRecord, say } from '../cli/render.ts'
import { visibleBytes } from '../cli/visible.ts'

const pageKeys = 1000

export default class Keys extends DataCommand {
  static override summary = 'list keys, in token order (not sorted)'
  static override description =
    'Keys come in the order of their tokens, the hash that places them on the ring, so the list ' +
    'is not alphabetical; --cursor goes on behind the last page. Into a pipe goes each key as ' +
    'it is: use -0 or --json where keys may hold newlines.'
  static override examples = [
    '<%= config.bin %> keys --prefix cart: --limit 100',
    '<%= config.bin %> keys -0 | xargs -0 -n 1 <%= config.bin %> get',
  ]
  static override flags = {
    prefix: Flags.string({ description: 'only keys that begin so', default: '' }),
    limit: Flags.integer({ description: 'at most so many keys', min: 1 }),
    cursor: Flags.string({ helpValue: '<token>', description: 'go on behind this page' }),
    null: Flags.boolean({ description: '-0 for short: end each key with a NUL, not a newline' }),
    ...partialFlag,
    ...viaFlag,
  }

  async run(): Promise<undefined> {
    const { flags } = await this.parse(Keys, longNull(this.argv))
    const options = this.callOptions(flags)
    const most = flags.limit ?? Number.POSITIVE_INFINITY
    const missing = new Missing()
    await this.withClient(flags, async client => {
      let cursor = flags.cursor === undefined ? undefined : cursorFrom(flags.cursor)
      let printed = 0
      do {
        const limit = Math.min(pageKeys, most - printed)
        const { prefix, partial } = flags
        const wanted = { ...options, prefix, partial, limit, ...given({ cursor }) }
        const page = await client.keyPage(wanted)
        missing.add(page.missing)
        for (const key of page.keys) await this.printKey(bytesOfKey(key), flags.null)
        printed += page.keys.length
        cursor = page.cursor
      } while (cursor !== undefined && printed < most)
      if (cursor !== undefined) await this.printCursor(cursorToken(cursor))
    })
    if (missing.some) await this.tellMissing(missing)
    return undefined
  }

  private async tellMissing(missing: Missing): Promise<void> {
    if (this.jsonEnabled()) await printRecord({ missing: missing.shown })
    else say(missing.line('the list'))
    this.endWith(partialExit)
  }

  private async printKey(key: Uint8Array, nul: boolean): Promise<void> {
    if (this.jsonEnabled()) return printRecord(encodedKey(key))
    if (process.stdout.isTTY !== true) {
      return printChunk(Buffer.concat([key, Buffer.of(nul ? 0 : 10)]))
    }
    return printChunk(`${visibleBytes(key).replaceAll('\n', '\\n')}\n`)
  }

  private async printCursor(token: string): Promise<void> {
    if (this.jsonEnabled()) await printRecord({ cursor: token })
    else this.note(`more: --cursor ${token}`)
  }
}

function cursorFrom(token: string): Uint8Array {
  const bytes = Buffer.from(token, 'base64url')
  if (token !== '' && bytes.toString('base64url') === token) return new Uint8Array(bytes)
  throw new CliError('USAGE', 'this is not a cursor: it was cut or edited')
}

function bytesOfKey(key: string | Uint8Array): Uint8Array {
  return typeof key === 'string' ? new TextEncoder().encode(key) : key
}

/** oclif knows no digits as short flags. */
function longNull(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  return argv.map((word, i) => (word === '-0' && i < end ? '--null' : word))
}
