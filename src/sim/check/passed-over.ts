/**
 * I21: a key that cannot travel is named by somebody who met it, and while two owners hold it
 * unlike, neither has proved its partition equal. Told from the disks, and from what nodes answer
 * to an operator, in worlds with small frames. That nothing else waits for it, I3 and I7 say.
 */
import type { ExchangeReply } from '../../core/entropy/exchange-status.ts'
import { partitionOf } from '../../core/hash.ts'
import type { Key, NodeId } from '../../core/ids.ts'
import { keyOfRow } from '../../core/row-key.ts'
import type { RowKey } from '../../core/step.ts'
import type { Micros } from '../events.ts'
import { homesOf } from '../homes.ts'
import type { Machine } from '../machine.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { isSameLive } from './converged.ts'
import { stuckKeys } from './travel.ts'

export const passedOverChecker: MakeChecker = (scene): Checker => {
  const { options } = scene.context
  if (options.frameBytes === undefined || options.layersOff.includes('exchange')) {
    return { name: 'I21' }
  }
  const keys = new PassedOver(scene)
  return { name: 'I21', onNotice: notice => keys.hear(notice), atRest: () => keys.atRest() }
}

class PassedOver {
  readonly #scene: Scene
  readonly #named = new Set<string>()
  readonly #changedAt = new Map<string, Micros>()
  /** Their trees do not know of what rotted. */
  readonly #rotten = new Set<NodeId>()
  #rested = false

  constructor(scene: Scene) {
    this.#scene = scene
  }

  hear(notice: Notice): void {
    const { now } = this.#scene.context.events
    if (notice.type === 'durable') {
      for (const { key } of notice.rows) this.#changedAt.set(`${notice.node} ${key}`, now)
    } else if (notice.type === 'destroyed') {
      if (notice.rots) this.#rotten.add(notice.node)
      for (const row of notice.before.keys()) this.#changedAt.set(`${notice.node} ${row}`, now)
    } else if (notice.type === 'effect' && notice.effect.type === 'note') {
      const { event, detail } = notice.effect.note
      if (event === 'key-too-large') this.#named.add(String(detail['key']))
    }
  }

  /** Once: before all start anew, when comparisons have had their time. */
  atRest(): void {
    if (this.#rested) return
    this.#rested = true
    const { context, decoded, fail } = this.#scene
    const homeOf = homesOf(context.options)
    for (const key of stuckKeys(this.#scene)) {
      const [row] = decoded.rowsOf(key, [])
      const owners = homeOf(key).primaries.flatMap(node => context.machines.get(node) ?? [])
      const living = owners.filter(({ id }) => !this.#scene.dead.has(id) && !this.#rotten.has(id))
      for (const [i, a] of living.entries()) {
        for (const b of living.slice(i + 1)) {
          if (row === undefined || !this.#differs(row, a, b)) continue
          if (!this.#named.has(key)) fail('I21', key, 'it cannot travel, and nobody named it')
          this.#lookForProofs(key, row, a, b)
        }
      }
    }
  }

  #differs(row: RowKey, a: Machine, b: Machine): boolean {
    const [one, other] = [a, b].map(({ disk }) => {
      const bytes = disk.rows.get(row)
      return bytes && this.#scene.decoded.copyIn(row, bytes)?.siblings
    })
    return !isSameLive(one, other)
  }

  #lookForProofs(key: Key, row: RowKey, a: Machine, b: Machine): void {
    const { faults, partitions } = this.#scene.context.options
    if (faults.clock !== undefined || faults['clock-step'] !== undefined) return
    const since = Math.max(...[a, b].map(({ id }) => this.#changedAt.get(`${id} ${row}`) ?? 0))
    const partition = partitionOf(keyOfRow(row).token, partitions)
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const run = statusOf(one)?.runs.find(
        ({ peer, first, last }) => peer === other.id && first <= partition && partition <= last,
      )
      if (run === undefined || run.equalAt <= one.clock.wall(since) + clocksApartMs) continue
      const story = `${one.id} proved its partition equal to ${other.id}'s, which holds it unlike`
      this.#scene.fail('I21', key, story)
    }
  }
}

/** What this node tells of its comparisons. */
function statusOf({ process }: Machine): ExchangeReply | undefined {
  let status: ExchangeReply | undefined
  const answer = (reply: { readonly type: string }) => {
    if (reply.type === 'exchange-is') status = reply as ExchangeReply
    return undefined
  }
  process?.request({ answer }, { type: 'exchange', id: 1, pause: undefined })
  return status
}

/** Sound clocks are some tens of milliseconds apart. */
const clocksApartMs = 500
