/** The end of a log file, for a screen that says why a node is not there. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const tailBytes = 16 * 1024

/** At most `count` last lines out of the last 16 KiB; none if there is no file to be read. */
export function lastLines(path: string, count: number): readonly string[] {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return []
  }
  try {
    const size = fstatSync(fd).size
    const tail = Buffer.alloc(Math.min(size, tailBytes))
    const read = readSync(fd, tail, 0, tail.length, size - tail.length)
    const lines = tail.subarray(0, read).toString('utf8').split('\n')
    if (tail.length < size) lines.shift()
    return lines.filter(line => line !== '').slice(-count)
  } catch {
    // Something else stands under its name, such as a directory.
    return []
  } finally {
    closeSync(fd)
  }
}

/** What the last of some lines of a log says. */
export function lastWords(lines: readonly string[]): string {
  const line = lines.at(-1)
  if (line === undefined) return 'it left no word'
  try {
    const fields = Object(JSON.parse(line)) as Readonly<Record<string, unknown>>
    return String(fields['text'] ?? fields['event'] ?? line)
  } catch {
    return line
  }
}
