/**
 * Where an export goes: standard output, or a file that is complete or not there. The file is
 * written beside its place under another name, and renamed once everything is on disk.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { CliError } from './cli-error.ts'
import { printRecord } from './render.ts'
import { reason } from './value.ts'
import { oneLine } from './visible.ts'

export class OutputFile {
  readonly #path: string
  readonly #file: FileHandle | undefined
  readonly #partial: string
  #pending: string[] = []
  #pendingLength = 0
  #finished = false

  private constructor(path: string, partial: string, file: FileHandle | undefined) {
    this.#path = path
    this.#partial = partial
    this.#file = file
  }

  /** `-` is standard output. Throws USAGE where the file cannot be made. */
  static async open(path: string): Promise<OutputFile> {
    if (path === '-') return new OutputFile(path, path, undefined)
    const partial = `${path}.${process.pid}.partial`
    try {
      return new OutputFile(path, partial, await open(partial, 'wx', 0o600))
    } catch (error) {
      throw unwritable(path, error)
    }
  }

  async write(record: unknown): Promise<void> {
    if (this.#file === undefined) return printRecord(record)
    const line = `${JSON.stringify(record)}\n`
    this.#pending.push(line)
    this.#pendingLength += line.length
    if (this.#pendingLength < chunkLength) return
    await this.#flush().catch((error: unknown) => {
      throw unwritable(this.#path, error)
    })
  }

  /** Everything is on disk, under its name. */
  async finish(): Promise<void> {
    if (this.#file === undefined) return
    try {
      await this.#flush()
      await this.#file.sync()
      await rename(this.#partial, this.#path)
    } catch (error) {
      throw unwritable(this.#path, error)
    }
    this.#finished = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#file === undefined) return
    await this.#file.close()
    if (!this.#finished) await rm(this.#partial, { force: true })
  }

  async #flush(): Promise<void> {
    const text = this.#pending.join('')
    this.#pending = []
    this.#pendingLength = 0
    await this.#file?.write(text)
  }
}

function unwritable(path: string, error: unknown): CliError {
  return new CliError('USAGE', `cannot write ${oneLine(path)}: ${oneLine(reason(error))}`)
}

const chunkLength = 256 * 1024
