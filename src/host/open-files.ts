/**
 * May this process have as many files and sockets open as a node needs? One that runs out drops
 * connections without a word, members' among them. Node raises its own limit as far as the system
 * lets it, so what is left is the hard limit of whoever started it.
 */
import { readFileSync } from 'node:fs'

/** Why it may not, in a line that says what to do; undefined: it may, or the system does not tell. */
export function tooFewOpenFiles(needed: number, limits = readLimits()): string | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
  if (soft === undefined || Number(soft) >= needed) return undefined
  return `a node needs ${needed} open files and may have ${soft}: raise it, as with "ulimit -n ${needed}"`
}

/** Only Linux tells. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return ''
  }
}
