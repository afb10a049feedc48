/** `kv` on a pseudo-terminal, made by `script` of util-linux: what the terminal would be sent. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** What is typed once the terminal shows the text; at once where that is empty. */
export type Typed = { readonly after: string; readonly keys: string }

export type Shown = { readonly exit: number | null; readonly text: string }

/** Why there is no terminal for these tests; false where there is one. */
export function whyNoTerminal(): string | false {
  const found = spawnSync('script', ['--version'], { encoding: 'utf8' })
  return /util-linux/.test(found.stdout ?? '') ? false : 'no script of util-linux is here'
}

/**
 * Runs `kv` with these words; stdin, stdout and stderr are one terminal of 200 columns. `exec`: a
 * shell that stayed would get the Ctrl-C too, and end before `kv` does (dash does; bash never stays).
 */
export async function onTerminal(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  typed: readonly Typed[] = [],
): Promise<Shown> {
  const names = /^(KV_|XDG_|TAP|NO_COLOR$|FORCE_COLOR$|CI$)/
  const inherited = Object.entries(process.env).filter(([name]) => !names.test(name))
  const line = [process.execPath, bin, ...words].map(quoted).join(' ')
  const child = spawn('script', ['-qec', `stty cols 200 rows 50; exec ${line}`, '/dev/null'], {
    env: { ...Object.fromEntries(inherited), TERM: 'xterm-256color', ...environment },
  })
  return seen(child, [...typed])
}

async function seen(child: ChildProcessWithoutNullStreams, typed: Typed[]): Promise<Shown> {
  let text = ''
  let from = 0
  if (typed[0]?.after === '') child.stdin.write(typed.shift()?.keys ?? '')
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const [next] = typed
    const at = next === undefined ? -1 : text.indexOf(next.after, from)
    if (next === undefined || at === -1) return
    from = at + next.after.length
    typed.shift()
    child.stdin.write(next.keys)
  })
  child.stdin.on('error', () => undefined)
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve)
    child.on('error', reject)
  })
  child.stdin.destroy()
  return { exit, text }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

const bin = join(process.cwd(), 'bin', 'kv.js')
