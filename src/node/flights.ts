/**
 * The requests of one incoming connection that are not answered yet: bounded in number and
 * bytes (`security.md` §2.4). A request that nobody answers (its time ran out on the way)
 * leaves the table a little after its deadline, so the table is empty at rest.
 */
import type { Instant } from '../core/ids.ts'
import { inFlightBytesMax, inFlightMax } from '../wire/bounds.ts'

/** Past its own deadline a request may still be answered; then it is forgotten. */
const graceMs = 2000

type Flight = { readonly bytes: number; readonly deadline: number; readonly scan: boolean }

export class Flights {
  readonly #flights = new Map<number, Flight>()
  #bytes = 0
  #scans = 0

  get count(): number {
    return this.#flights.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** True where no further request may be taken before one is answered. */
  get full(): boolean {
    return this.#flights.size >= inFlightMax || this.#bytes >= inFlightBytesMax
  }

  get scans(): number {
    return this.#scans
  }

  has(id: number): boolean {
    return this.#flights.has(id)
  }

  /** Takes a request in; `id` must not be in flight. */
  begin(id: number, bytes: number, scan: boolean, now: Instant, timeLeftMs: number): void {
    this.#flights.set(id, { bytes, deadline: now + timeLeftMs + graceMs, scan })
    this.#bytes += bytes
    if (scan) this.#scans++
  }

  /** False where this request is not (or no longer) in flight: its answer must not be sent. */
  end(id: number): boolean {
    const flight = this.#flights.get(id)
    if (flight === undefined) return false
    this.#flights.delete(id)
    this.#bytes -= flight.bytes
    if (flight.scan) this.#scans--
    return true
  }

  /** Everything that is in flight. */
  ids(): readonly number[] {
    return [...this.#flights.keys()]
  }

  /** The requests that are past their deadlines: their owner ends them. */
  expired(now: Instant): readonly number[] {
    const gone: number[] = []
    for (const [id, flight] of this.#flights) if (flight.deadline < now) gone.push(id)
    return gone
  }
}
