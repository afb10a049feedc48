/**
 * The only place that writes to stdout and stderr. Data goes to stdout, everything said about it
 * to stderr; whatever reaches a terminal went through `visible` here, whoever made the text.
 */
import { writeSync } from 'node:fs'
import { visible, visibleJson, visibleLines } from './visible.ts'

/** One line of a command's result on stdout. */
export function printLine(line: string): void {
  process.stdout.write(`${process.stdout.isTTY ? visibleLines(line) : line}\n`)
}

/** A chunk of a long result; resolves once there is room for more. */
export async function printChunk(chunk: string | Uint8Array): Promise<void> {
  const shown = process.stdout.isTTY && typeof chunk === 'string' ? visibleLines(chunk) : chunk
  if (process.stdout.write(shown)) return
  await new Promise<void>(resolve => process.stdout.once('drain', resolve))
}

/** A value's bytes, exactly; only for a stdout that is no terminal. */
export async function printBytes(bytes: Uint8Array): Promise<void> {
  await printChunk(bytes)
}

/** One JSON document: pretty on a terminal, one line elsewhere. */
export function printJson(document: unknown): void {
  const terminal = process.stdout.isTTY
  const text = JSON.stringify(document, undefined, terminal ? 2 : undefined)
  process.stdout.write(`${terminal ? visibleJson(text) : text}\n`)
}

/** One NDJSON record; resolves once there is room for more. */
export async function printRecord(record: unknown): Promise<void> {
  const text = JSON.stringify(record)
  const shown = process.stdout.isTTY ? visibleJson(text) : text
  if (process.stdout.write(`${shown}\n`)) return
  await new Promise<void>(resolve => process.stdout.once('drain', resolve))
}

/** `1 record`, `2 records`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** One line for a person on stderr. */
export function say(line: string): void {
  process.stderr.write(`${visible(line)}\n`)
}

/** Draws over the line before it; only where stderr is a terminal. */
export function redrawLine(line: string): void {
  const room = Math.max(20, (process.stderr.columns || 80) - 1)
  process.stderr.write(`\r\x1b[2K${visible(line).slice(0, room)}`)
}

/** A block of lines over the one before it; one after the other where stdout is no terminal. */
export function redraw(lines: readonly string[]): void {
  const begin = process.stdout.isTTY ? '\x1b[H\x1b[2J' : ''
  const end = process.stdout.isTTY ? '' : '\n'
  process.stdout.write(`${begin}${lines.map(line => `${visible(line)}\n`).join('')}${end}`)
}

/** True where the locale says that more than ASCII is shown. */
export function hasUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}

/** Says a line even while the process is being ended. */
export function sayAtOnce(line: string): void {
  writeSync(2, `${visible(line)}\n`)
}

/** A table: a head, columns padded, two spaces between them, numbers to the right. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const right = head.map((_, i) => rows.length > 0 && rows.every(row => isNumber(row[i])))
  return alignedLines([head, ...rows], right)
}

/** Rows with their columns padded; those that `right` names are padded on the left. */
export function alignedLines(
  rows: readonly (readonly string[])[],
  right: readonly boolean[] = [],
): readonly string[] {
  const cells = rows.map(row => row.map(cell => visible(cell)))
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map(row => width(row[i] ?? ''))))
  return cells.map(row =>
    row
      .map((cell, i) => {
        const gap = ' '.repeat((widths[i] ?? 0) - width(cell))
        return right[i] === true ? gap + cell : cell + gap
      })
      .join('  ')
      .trimEnd(),
  )
}

/**
 * Ends quietly when the reader of stdout has gone (`kv keys | head`), with one line where it
 * cannot be written for another reason, such as a full disk. oclif's own handler throws.
 */
export function endWithItsReader(): void {
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    sayAtOnce(`kv: cannot write to standard output: ${error.message}`)
    process.exit(1)
  })
  process.stderr.removeAllListeners('error')
  process.stderr.on('error', () => undefined)
}

/** Columns that a text takes; close enough without a table of wide characters. */
function width(text: string): number {
  return [...text].length
}

function isNumber(cell: string | undefined): boolean {
  return cell !== undefined && /^([\d.,]+%?|\?|–)$/.test(cell)
}
