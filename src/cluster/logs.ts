/**
 * The logs of a cluster's nodes and supervisor as one stream in the order of time. Each line of
 * a log is a JSON object with `time`, `level`, `node` and `event`; what is not (a crash's
 * stack) is shown as it is, at its place.
 */
import { open } from 'node:fs/promises'
import { isMissing } from '../host/private-file.ts'
import { ClusterError } from './cluster-error.ts'
import { pathsOf, requireClusterFile } from './cluster-file.ts'

export type LogLine = {
  readonly node: string
  /** ISO; of a line without one, that of the line before. */
  readonly time: string
  readonly level: LogLevel
  readonly text: string
  /** The line's own fields; undefined where it is no JSON object. */
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

export const logLevels = ['info', 'warn', 'error'] as const
type LogLevel = (typeof logLevels)[number]

export type LogFilter = {
  readonly level: LogLevel
  readonly pattern: RegExp | undefined
}

/** Follows the ends of some logs; each `read` returns what is new, in the order of time. */
export class LogReader {
  readonly #sources: readonly Source[]
  readonly #filter: LogFilter

  constructor(directory: string, names: readonly string[], filter: LogFilter) {
    const paths = pathsOf(directory)
    this.#sources = names.map(name => ({
      name,
      path: name === supervisorName ? paths.supervisorLog : paths.nodeLog(name),
      at: undefined,
      rest: '',
      time: '',
    }))
    this.#filter = filter
  }

  /** New lines; at the first call at most `tailBytes` of the end of each log. */
  async read(): Promise<readonly LogLine[]> {
    const found = await Promise.all(this.#sources.map(source => readNew(source)))
    return found
      .flat()
      .filter(line => this.#passes(line))
      .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  }

  #passes(line: LogLine): boolean {
    const { level, pattern } = this.#filter
    if (logLevels.indexOf(line.level) < logLevels.indexOf(level)) return false
    return pattern === undefined || pattern.test(line.text)
  }
}

const supervisorName = 'supervisor'

/** Whose logs there are; or these, checked. Throws NOT_FOUND, UNKNOWN_NODE. */
export async function logNames(
  directory: string,
  wanted: readonly string[] | undefined,
): Promise<readonly string[]> {
  const file = await requireClusterFile(directory)
  const names = [...file.nodes.map(node => node.name), supervisorName]
  const stranger = wanted?.find(name => !names.includes(name))
  if (stranger === undefined) return wanted ?? names
  throw new ClusterError('UNKNOWN_NODE', `there is no log of ${stranger}; of ${names.join(', ')}`)
}

type Source = {
  readonly name: string
  readonly path: string
  /** Bytes read so far; undefined: none yet. */
  at: number | undefined
  /** A line whose end has not come. */
  rest: string
  time: string
}

/** Of each log: more than anybody reads, less than makes a terminal slow. */
const tailBytes = 256 * 1024

async function readNew(source: Source): Promise<readonly LogLine[]> {
  const text = await newText(source)
  const lines = (source.rest + text).split('\n')
  source.rest = lines.pop() ?? ''
  return lines.filter(line => line !== '').map(line => lineOf(source, line))
}

async function newText(source: Source): Promise<string> {
  const handle = await open(source.path, 'r').catch(problem => {
    if (isMissing(problem)) return undefined
    throw problem
  })
  if (handle === undefined) return ''
  try {
    const { size } = await handle.stat()
    const first = source.at === undefined
    // A log that shrank was rotated: it is another file now.
    const from = source.at === undefined ? Math.max(0, size - tailBytes) : source.at
    const begin = from > size ? 0 : from
    const bytes = Buffer.alloc(Math.min(size - begin, tailBytes))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, begin)
    source.at = begin + bytesRead
    const text = bytes.subarray(0, bytesRead).toString('utf8')
    return first && begin > 0 ? text.slice(text.indexOf('\n') + 1) : text
  } finally {
    await handle.close()
  }
}

function lineOf(source: Source, text: string): LogLine {
  const fields = fieldsOf(text)
  const time = fields?.['time']
  const level = logLevels.find(one => one === fields?.['level'])
  if (typeof time === 'string') source.time = time
  // What is no line of ours is the end of a process that could not write one.
  return { node: source.name, time: source.time, level: level ?? 'error', text, fields }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
