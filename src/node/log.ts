/**
 * The node's log: one JSON object a line, ASCII only, so that no control byte of a key and no
 * sequence of a terminal can stand in it. Lines are written at once: after a crash the last
 * one is there. Values and secrets are never handed to it (a note's detail is short scalars).
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'
import type { Note } from '../core/step.ts'

/** Where lines go: an open descriptor that somebody else looks after, or a file of our own. */
export type LogTarget =
  | { readonly type: 'descriptor'; readonly fd: number }
  | { readonly type: 'file'; readonly path: string; readonly bytesMax?: number }

/** Longest text of one field, in characters before escaping. */
const fieldCharsMax = 500
/** A stranger on the port must not fill the disk: lines of one event in one minute. */
const linesPerMinuteMax = 120
const onceMs = 600_000
const saidMax = 1000
const rotateBytes = 10 * 1024 * 1024

export class Log {
  readonly #target: LogTarget
  readonly #node: string
  readonly #wall: () => number
  readonly #seen = new Map<string, { minute: number; lines: number }>()
  /** Warnings that are not to be repeated, and when they were written. */
  readonly #said = new Map<string, number>()
  #fd: number
  #bytes: number
  #broken = false

  /** Opens the target; throws where the file cannot be opened. */
  constructor(target: LogTarget, node: string, wall: () => number = Date.now) {
    this.#target = target
    this.#node = node
    this.#wall = wall
    this.#fd = target.type === 'file' ? openSync(target.path, 'a', 0o600) : target.fd
    this.#bytes = target.type === 'file' ? fstatSync(this.#fd).size : 0
  }

  info(event: string, detail: Note['detail'] = {}): void {
    this.write({ level: 'info', event, detail })
  }

  warn(event: string, detail: Note['detail'] = {}): void {
    this.write({ level: 'warn', event, detail })
  }

  /** A warning that somebody may give cause for again and again; the same one once in ten minutes. */
  warnOnce(event: string, detail: Note['detail'] = {}): void {
    const time = this.#wall()
    const said = `${event} ${JSON.stringify(detail)}`
    if (time - (this.#said.get(said) ?? Number.NEGATIVE_INFINITY) < onceMs) return
    if (this.#said.size >= saidMax) this.#said.clear()
    this.#said.set(said, time)
    this.warn(event, detail)
  }

  error(event: string, detail: Note['detail'] = {}): void {
    this.write({ level: 'error', event, detail })
  }

  /** One line; more than 120 of one event in a minute are counted in the next minute's first. */
  write(note: Note): void {
    const time = this.#wall()
    const dropped = this.#admit(note.event, Math.floor(time / 60_000))
    if (dropped === undefined) return
    const extra = dropped > 0 ? { dropped } : {}
    this.#append(lineOf(time, this.#node, note, extra))
  }

  /** Closes a file of our own; later lines are dropped. */
  close(): void {
    if (this.#target.type === 'file' && !this.#broken) closeSync(this.#fd)
    this.#broken = true
  }

  /** How many lines of this event were dropped before; undefined: drop this one too. */
  #admit(event: string, minute: number): number | undefined {
    const seen = this.#seen.get(event)
    if (seen === undefined || seen.minute !== minute) {
      this.#seen.set(event, { minute, lines: 1 })
      return seen === undefined ? 0 : Math.max(0, seen.lines - linesPerMinuteMax)
    }
    seen.lines++
    return seen.lines > linesPerMinuteMax ? undefined : 0
  }

  #append(line: string): void {
    if (this.#broken) return
    try {
      writeSync(this.#fd, line)
    } catch (problem) {
      // `kv node run | head`: a reader that went away must not end a node; a full pipe or
      // disk costs this line only.
      if ((problem as NodeJS.ErrnoException).code === 'EPIPE') this.#broken = true
      return
    }
    this.#bytes += line.length
    this.#rotate()
  }

  #rotate(): void {
    const target = this.#target
    if (target.type !== 'file' || this.#bytes < (target.bytesMax ?? rotateBytes)) return
    closeSync(this.#fd)
    renameSync(target.path, `${target.path}.1`)
    this.#fd = openSync(target.path, 'a', 0o600)
    this.#bytes = 0
  }
}

function lineOf(
  time: number,
  node: string,
  note: Note,
  extra: Readonly<Record<string, number>>,
): string {
  const fields: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries({ ...note.detail, ...extra })) {
    fields[name] = typeof value === 'string' ? value.slice(0, fieldCharsMax) : value
  }
  const head = { time: new Date(time).toISOString(), level: note.level, node, event: note.event }
  return `${asciiOf(JSON.stringify({ ...head, ...fields, ...head }))}\n`
}

/** JSON text with everything outside printable ASCII as \u escapes. */
function asciiOf(json: string): string {
  return json.replace(
    /[^\x20-\x7e]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
