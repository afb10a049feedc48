/** Asks for a name to be typed, before what cannot be undone. */
import { createInterface } from 'node:readline/promises'
import { visible } from './visible.ts'

type Streams = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream }

/** What was typed; '' where the terminal was closed. Rejects with the signal's reason. */
export async function typedName(
  question: string,
  signal: AbortSignal,
  streams: Streams = { input: process.stdin, output: process.stderr },
): Promise<string> {
  const terminal = createInterface(streams)
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const ended = new Promise<string>(resolve => terminal.once('close', () => resolve('')))
  const answer = terminal.question(visible(question), { signal })
  const typed = await Promise.race([answer, ended]).finally(() => terminal.close())
  return typed.trim()
}
