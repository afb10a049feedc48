/**
 * I2 across a reap: what a delete had seen never comes back once its tombstone is gone, neither in
 * an answer nor on the disks; no row goes that holds more than marked tombstones. R1: where every
 * node lives, no tombstone is left at rest, but in a partition with a key that cannot travel. R2: nor a hint that its owner would refuse. Told from
 * the disks: a tombstone is reaped where it goes in the commit that says so.
 */
import { opsKept } from '../../core/causality/siblings.ts'
import { partitionOf } from '../../core/hash.ts'
import type { NodeId, Partition } from '../../core/ids.ts'
import { decodeState, partitionRowKey } from '../../core/reaping/partition-rows.ts'
import { hintOfRow, keyOfRow } from '../../core/row-key.ts'
import type { Row, RowKey } from '../../core/step.ts'
import { simHash } from '../hash.ts'
import { type Call, isBefore, mayBeBefore, type Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { copiesByKey, writesTogether } from './copies.ts'
import { type HeldCopy, isHint, recordOfHint } from './decoded.ts'
import { ReapCommits } from './reap-commits.ts'
import { isStuck, partitionsOf, stuckKeys } from './travel.ts'

export const reapedChecker: MakeChecker = (scene): Checker => {
  const reaps = new Reaps(scene)
  return {
    name: 'I2 reaped',
    onNotice: notice => reaps.hear(notice),
    atRest: () => reaps.atRest(),
  }
}

class Reaps {
  readonly #scene: Scene
  readonly #held = new Map<NodeId, Map<RowKey, HeldCopy>>()
  readonly #reaps = new ReapCommits()
  /** Nodes whose disk was replaced: they may set aside what they hold. */
  readonly #replaced = new Set<NodeId>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  hear(notice: Notice): void {
    if (notice.type === 'durable') return this.#durable(notice.node, notice.rows)
    if (notice.type === 'settled') return this.#settled(notice.call)
    if (notice.type !== 'destroyed') return
    this.#replaced.add(notice.node)
    const rows = this.#rowsOf(notice.node)
    rows.clear()
    for (const [row, bytes] of this.#scene.context.machines.get(notice.node)?.disk.rows ?? []) {
      const copy = this.#scene.decoded.copyIn(row, bytes)
      if (copy !== undefined && copy.owner === undefined) rows.set(row, copy)
    }
  }

  atRest(): void {
    this.#lookForReturned()
    const { context, dead } = this.#scene
    const { layersOff } = context.options
    if (dead.size > 0 || layersOff.includes('exchange') || layersOff.includes('handoff')) return
    this.#lookForTombstones()
    this.#lookForOldHints()
  }

  #durable(node: NodeId, rows: readonly Row[]): void {
    const reaps = this.#reaps.take(node, rows)
    for (const row of rows) this.#changed(node, row, reaps)
  }

  #changed(node: NodeId, { key: row, value }: Row, reaps: ReadonlySet<Partition>): void {
    const { decoded, history, context, fail } = this.#scene
    const rows = this.#rowsOf(node)
    const before = rows.get(row)
    const copy = value && decoded.copyIn(row, value)
    if (copy !== undefined && copy.owner === undefined) rows.set(row, copy)
    else if (value === undefined) rows.delete(row)
    if (before === undefined) return
    const { token, key } = keyOfRow(row)
    const isReaped = reaps.has(partitionOf(token, context.options.partitions))
    const left = copy?.siblings.versions.flatMap(version => history.ofOp(version.op) ?? []) ?? []
    for (const { op, tombstone } of before.siblings.versions) {
      const write = history.ofOp(op)
      if (write === undefined) continue
      if (left.some(one => one === write || mayBeBefore(write, one))) continue
      if (tombstone && isReaped) history.reap(write, context.events.now)
      else if (copy === undefined && value === undefined && !this.#replaced.has(node)) {
        fail('I2', key, `${node} let go of ${write.id}, and it was not reaped`)
      }
    }
  }

  #settled({ kind, result, key, client, shown, at }: Call): void {
    if (kind !== 'get' || result?.type !== 'done') return
    for (const write of shown) {
      const deleted = this.#deleterOf(write)
      if (deleted === undefined || (deleted.reapedAt ?? at) >= at) continue
      this.#tell(write, `${client} was shown ${write.id}, which ${deleted.id} had deleted`, key)
    }
  }

  #lookForReturned(): void {
    const { context, history } = this.#scene
    const disks = [...context.machines.values()].map(machine => machine.disk.rows)
    for (const [key, copies] of copiesByKey(disks)) {
      for (const write of writesTogether(history, copies)) {
        const deleted = this.#deleterOf(write)
        if (deleted === undefined) continue
        this.#tell(write, `${write.id} is back, which ${deleted.id} had deleted`, key)
      }
    }
  }

  /** A second dot of an operation may outlive the lists of ids (design §2). */
  #tell(write: Write, story: string, key: Write['key']): void {
    const { history, fail, context, mayReturn } = this.#scene
    if (context.prunes) return
    if (!mayReturn(write)) fail('I2', key, `${story} before it was reaped`)
    else if (history.countAbove(write) < opsKept - 1) fail('I11', key, `${story}, once more`)
  }

  /** A reaped delete that had seen this write. */
  #deleterOf(write: Write): Write | undefined {
    const all = this.#scene.history.writes.get(write.key) ?? []
    return all.find(other => other.reapedAt !== undefined && isBefore(write, other))
  }

  #lookForTombstones(): void {
    const { context, decoded, fail } = this.#scene
    const stuck = partitionsOf(this.#scene, stuckKeys(this.#scene))
    for (const { id, disk } of context.machines.values()) {
      for (const [row, bytes] of disk.rows) {
        const copy = decoded.copyIn(row, bytes)
        if (copy === undefined || copy.owner !== undefined) continue
        if (stuck.has(partitionOf(keyOfRow(row).token, context.options.partitions))) continue
        const { versions } = copy.siblings
        if (versions.length === 0 || versions.some(({ tombstone }) => !tombstone)) continue
        return fail('R1', copy.key, `${id} still holds a tombstone and nothing else at rest`)
      }
    }
  }

  #lookForOldHints(): void {
    const { context, fail } = this.#scene
    for (const { id, disk } of context.machines.values()) {
      for (const [row, bytes] of disk.rows) {
        if (!isHint(row)) continue
        const { token, key, owner } = hintOfRow(row)
        const partition = partitionOf(token, context.options.partitions)
        const state = context.machines.get(owner)?.disk.rows.get(partitionRowKey(partition))
        const floor = (state && decodeState(simHash, state)?.floor) ?? 0
        const record = recordOfHint(row, bytes)
        const generation = record?.generation ?? floor
        if (record !== undefined && isStuck(this.#scene, record.siblings)) continue
        if (generation < floor) fail('R2', key, `${id} keeps a hint that ${owner} will never take`)
      }
    }
  }

  #rowsOf(node: NodeId): Map<RowKey, HeldCopy> {
    const rows = this.#held.get(node) ?? new Map<RowKey, HeldCopy>()
    this.#held.set(node, rows)
    return rows
  }
}
