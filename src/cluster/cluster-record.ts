/**
 * The cluster file as its supervisor keeps it. Changes are written one after the other, each made
 * from the file as the one before left it. On a full disk nothing can be written, and that must
 * not keep anybody from stopping a node: such a change holds here, is logged, and is written as
 * soon as that works.
 */
import type { ClusterFile } from '../core/config.ts'
import type { Report } from './node-process.ts'

type Change = (file: ClusterFile) => ClusterFile

export class ClusterRecord {
  readonly #write: (file: ClusterFile) => Promise<void>
  readonly #report: Report
  #file: ClusterFile
  #turn: Promise<unknown> = Promise.resolve()
  /** Failed tries in a row to write what holds here. */
  #failures = 0
  #retry: NodeJS.Timeout | undefined

  constructor(file: ClusterFile, write: (file: ClusterFile) => Promise<void>, report: Report) {
    this.#file = file
    this.#write = write
    this.#report = report
  }

  get file(): ClusterFile {
    return this.#file
  }

  /** Changes the file. It holds when this returns, written or to be written later. */
  change(change: Change): Promise<void> {
    return this.#inTurn(async () => {
      this.#file = change(this.#file)
      await this.#tryToWrite()
    })
  }

  /** Changes the file, or throws the system's error and has changed nothing. */
  mustChange(change: Change): Promise<void> {
    return this.#inTurn(async () => {
      const file = change(this.#file)
      await this.#write(file)
      this.#file = file
      this.#written()
    })
  }

  /** Waits for all writes; what could not be written gets a last try. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#failures > 0) await this.#tryToWrite()
      clearTimeout(this.#retry)
    })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #tryToWrite(): Promise<void> {
    clearTimeout(this.#retry)
    try {
      await this.#write(this.#file)
      this.#written()
    } catch (problem) {
      if (this.#failures++ === 0) this.#report('no-record', { text: String(problem) }, 'warn')
      const again = () => void this.#inTurn(() => this.#tryToWrite())
      this.#retry = setTimeout(again, Math.min(retryMsMax, retryMs * this.#failures))
    }
  }

  #written(): void {
    if (this.#failures > 0) this.#report('recorded', { tries: this.#failures })
    this.#failures = 0
    clearTimeout(this.#retry)
  }
}

const retryMs = 500
const retryMsMax = 5000
