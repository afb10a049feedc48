/**
 * I11, before anything comes back: ids of operations that may have two dots are pinned, and stay so.
 * Told from the disks: an owner's row loses a pin only in the commit that says that it reaped;
 * where a second send is acknowledged somebody has its pin; and a coordinator whose first send ended
 * in doubt has it two commits later, if its row still holds what it made, unless its disk is full: it
 * counts the puts that it left out for that, and so many are excused.
 */
import { isPinned, pinsMax } from '../../core/causality/pins.ts'
import { partitionOf } from '../../core/hash.ts'
import type { Key, NodeId, OpId, Partition } from '../../core/ids.ts'
import type { PutRequest } from '../../core/message.ts'
import { keyOfRow } from '../../core/row-key.ts'
import type { Effect, Input, Row, RowKey } from '../../core/step.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { copiesOn } from './copies.ts'
import type { HeldCopy } from './decoded.ts'
import { ReapCommits } from './reap-commits.ts'

export const pinsChecker: MakeChecker = (scene): Checker => {
  const pins = new PinsOnDisks(scene)
  return { name: 'I11 pins', onNotice: notice => pins.hear(notice) }
}

/** A put that ended in doubt at its coordinator, when that had so many commits. */
type Doubt = { readonly key: Key; readonly op: OpId; readonly commits: number }

class PinsOnDisks {
  readonly #scene: Scene
  readonly #held = new Map<NodeId, Map<RowKey, HeldCopy>>()
  readonly #reaps = new ReapCommits()
  readonly #shed = new Set<OpId>()
  /** Puts that a node was asked for and has not answered, by who asked. */
  readonly #asked = new Map<string, PutRequest>()
  readonly #doubts = new Map<NodeId, Doubt[]>()
  /** Puts in doubt that a process may leave out, by how many it has. */
  readonly #excused = new Map<NodeId, number>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  hear(notice: Notice): void {
    switch (notice.type) {
      case 'input':
        return this.#input(notice.node, notice.input)
      case 'effect':
        return this.#effect(notice.node, notice.effect)
      case 'durable':
        this.#durable(notice.node, notice.rows)
        return this.#lookForDoubts(notice.node)
      case 'ended':
        this.#doubts.delete(notice.node)
        this.#excused.delete(notice.node)
        for (const name of this.#asked.keys()) {
          if (name.startsWith(`${notice.node} `)) this.#asked.delete(name)
        }
        return
      case 'destroyed':
        this.#doubts.delete(notice.node)
        return this.#readAll(notice.node)
    }
  }

  #input(node: NodeId, input: Input): void {
    if (input.type === 'request' && input.request.type === 'put') {
      this.#asked.set(`${node} ${input.caller}`, input.request)
    } else if (input.type === 'message' && input.message.type === 'forward') {
      this.#asked.set(`${node} ${input.from} ${input.message.id}`, input.message.request)
    }
  }

  #effect(node: NodeId, effect: Effect): void {
    if (effect.type === 'reply') this.#answered(node, `${node} ${effect.caller}`, effect.reply)
    else if (effect.type === 'send' && effect.message.type === 'forwarded') {
      const { id, reply } = effect.message
      this.#answered(node, `${node} ${effect.to} ${id}`, reply)
    }
  }

  #answered(node: NodeId, name: string, reply: Extract<Effect, { type: 'reply' }>['reply']): void {
    const request = this.#asked.get(name)
    this.#asked.delete(name)
    if (request === undefined) return
    const { key, op, again } = request
    if (reply.type === 'wrote' && again) this.#acknowledged(node, key, op)
    else if (reply.type === 'failed' && !again && !reply.failure.outcome.definite) {
      const commits = this.#scene.context.machines.get(node)?.disk.commits ?? 0
      this.#doubts.set(node, [...(this.#doubts.get(node) ?? []), { key, op, commits }])
    }
  }

  /** A second send is acknowledged: whoever was named for it has the pin. */
  #acknowledged(node: NodeId, key: Key, op: OpId): void {
    const { context, history, fail } = this.#scene
    if (this.#shed.has(op)) return
    for (const { disk } of context.machines.values()) {
      for (const { siblings } of copiesOn(this.#scene, disk.rows, key)) {
        if (isPinned(siblings.pins, op) || siblings.pins.length >= pinsMax) return
      }
    }
    const write = history.ofOp(op)
    // A delete that was reaped while its second send was under way: the generation answers from now on.
    if (write !== undefined && history.isReaped(write)) return
    const name = write?.id ?? 'a write'
    fail('I11', key, `${node} acknowledged a second send of ${name}, and no disk has it pinned`)
  }

  #lookForDoubts(node: NodeId): void {
    const { context, history, fail } = this.#scene
    const disk = context.machines.get(node)?.disk
    const left: Doubt[] = []
    for (const doubt of this.#doubts.get(node) ?? []) {
      const { key, op, commits } = doubt
      if (disk === undefined || disk.commits < commits + 2) {
        left.push(doubt)
        continue
      }
      const own = copiesOn(this.#scene, disk.rows, key).filter(copy => copy.owner === undefined)
      const copies = own.map(({ siblings }) => siblings)
      const made = copies.some(({ versions }) => {
        return versions.some(version => version.op === op && version.via === node)
      })
      if (!made || this.#shed.has(op)) continue
      if (copies.some(({ pins }) => isPinned(pins, op) || pins.length >= pinsMax)) continue
      if (this.#isLeftOut(node)) continue
      const write = history.ofOp(op)?.id ?? 'a write'
      fail('I11', key, `${node} made ${write}, told nobody how it ended, and has it not pinned`)
    }
    if (left.length > 0) this.#doubts.set(node, left)
    else this.#doubts.delete(node)
  }

  /** Is it one of those for which there was no room? A disk without an end always has some. */
  #isLeftOut(node: NodeId): boolean {
    const { context } = this.#scene
    if (context.options.disks === undefined) return false
    const replica = context.machines.get(node)?.process?.replica
    const excused = this.#excused.get(node) ?? 0
    if (excused >= (replica?.observe().secondSends.unpinned ?? 0)) return false
    this.#excused.set(node, excused + 1)
    return true
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
    if (copy === undefined) rows.delete(row)
    else rows.set(row, copy)
    // A hint may go home, and another one be kept, in one commit.
    if (copy === undefined || before === undefined || copy.owner !== undefined) return
    const { pins } = copy.siblings
    if (before.siblings.pins === pins) return
    const gone = before.siblings.pins.filter(op => !isPinned(pins, op))
    if (reaps.has(partitionOf(keyOfRow(row).token, context.options.partitions))) {
      for (const op of gone) this.#shed.add(op)
      return
    }
    const [op] = gone
    if (op === undefined) return
    const write = history.ofOp(op)?.id ?? 'a write'
    fail('I11', copy.key, `${node} let go of the pin of ${write}, and its partition was not reaped`)
  }

  #readAll(node: NodeId): void {
    const rows = this.#rowsOf(node)
    rows.clear()
    this.#reaps.forget(node)
    for (const [row, bytes] of this.#scene.context.machines.get(node)?.disk.rows ?? []) {
      const copy = this.#scene.decoded.copyIn(row, bytes)
      if (copy !== undefined) rows.set(row, copy)
    }
  }

  #rowsOf(node: NodeId): Map<RowKey, HeldCopy> {
    const rows = this.#held.get(node) ?? new Map<RowKey, HeldCopy>()
    this.#held.set(node, rows)
    return rows
  }
}
