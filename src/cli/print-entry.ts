/** What a get found, for people and pipes (design §4; ux 4.5). */
import type { Entry } from '../client/index.ts'
import { exitOf } from './exit-codes.ts'
import { alignedLines, printBytes, printLine, say } from './render.ts'
import { siblingRows } from './shown.ts'
import { oneLine, visibleBytes } from './visible.ts'

/**
 * Prints the value: exact bytes into a pipe, escaped text onto a terminal, with the key before
 * it where there are several. Not found and siblings are told on stderr; of siblings a pipe
 * gets nothing.
 */
export async function printEntry(entry: Entry, key: string, several: boolean): Promise<void> {
  if (!entry.found) say(`${oneLine(key)}: not found`)
  else if (entry.conflict) printSiblings(entry.siblings, key)
  else if (process.stdout.isTTY !== true) await printBytes(entry.value)
  else printLine(`${several ? `${oneLine(key)}: ` : ''}${visibleBytes(entry.value)}`)
}

/** The exit code of a command that read this. */
export function exitOfEntry(entry: Entry): number {
  if (!entry.found) return exitOf('NOT_FOUND')
  return entry.conflict ? exitOf('CONFLICT') : 0
}

function printSiblings(siblings: Parameters<typeof siblingRows>[0], key: string): void {
  const terminal = process.stdout.isTTY === true
  const print = terminal ? printLine : say
  print(`${oneLine(key)} has ${siblings.length} versions`)
  for (const line of alignedLines(siblingRows(siblings))) print(line)
  say('  settle it: kv put KEY VALUE --context TOKEN (kv get KEY --context-only)')
}
