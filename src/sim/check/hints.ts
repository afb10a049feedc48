/**
 * I7: a hint that was counted outlives its holder's crash, until its owner has all of it. Told
 * from the disks: when a stand-in's ack leaves, its disk has the hint (or the owner has it all);
 * when a hint goes, or loses something, its owner's disk has what it held, as it was then, not as
 * it was handed over. At rest no hint is left but for a node that stays dead, or one that no message takes.
 */
import type { NodeId } from '../../core/ids.ts'
import type { StoreCopy } from '../../core/message.ts'
import type { Row, RowKey } from '../../core/step.ts'
import type { Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { copiesOn, knownOf } from './copies.ts'
import { type HeldCopy, isHint } from './decoded.ts'
import { isStuck } from './travel.ts'

export const hintsChecker: MakeChecker = (scene): Checker => {
  const hints = new HintsOnDisks(scene)
  return {
    name: 'I7',
    onNotice: notice => hints.hear(notice),
    atRest: () => hints.atRest(),
  }
}

class HintsOnDisks {
  readonly #scene: Scene
  /** Every hint on every disk, as its last commit left it. */
  readonly #kept = new Map<NodeId, Map<RowKey, HeldCopy>>()
  /** Copies that a node was asked to keep for another and has not acknowledged. */
  readonly #asked = new Map<string, StoreCopy>()
  /** What a node's disk held before a fault destroyed it. */
  readonly #lost = new Map<NodeId, Set<Write>>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  hear(notice: Notice): void {
    switch (notice.type) {
      case 'durable':
        for (const row of notice.rows) if (isHint(row.key)) this.#changed(notice.node, row)
        return
      case 'destroyed':
        return this.#destroyed(notice)
      case 'ended':
        for (const name of this.#asked.keys()) {
          if (name.startsWith(`${notice.node} `)) this.#asked.delete(name)
        }
        return
      case 'input': {
        if (notice.input.type !== 'message') return
        const { from, message } = notice.input
        if (message.type !== 'store' || message.owner === undefined) return
        if (message.owner !== notice.node)
          this.#asked.set(nameOf(notice.node, from, message.id), message)
        return
      }
      case 'effect': {
        if (notice.effect.type !== 'send') return
        const { to, message } = notice.effect
        if (message.type !== 'stored') return
        const name = nameOf(notice.node, to, message.id)
        const copy = this.#asked.get(name)
        this.#asked.delete(name)
        if (copy !== undefined && message.refused === undefined)
          this.#acknowledged(notice.node, copy)
      }
    }
  }

  /** At rest a hint is only for a node that stays dead. */
  atRest(): void {
    const { dead, context, fail } = this.#scene
    if (context.options.layersOff.includes('handoff')) return
    for (const [node, kept] of this.#kept) {
      if (dead.has(node)) continue
      for (const { owner, key, siblings } of kept.values()) {
        if (owner === undefined || dead.has(owner) || isStuck(this.#scene, siblings)) continue
        fail('I7', key, `${node} still keeps a hint for ${owner} at rest`)
      }
    }
  }

  #acknowledged(node: NodeId, { key, object, owner }: StoreCopy): void {
    const { decoded, history, context, fail } = this.#scene
    const siblings = decoded.object(object)
    if (siblings === undefined || owner === undefined) return
    const own = copiesOn(this.#scene, context.machines.get(node)?.disk.rows, key)
    const hint = own.filter(copy => copy.owner === owner)
    const here = knownOf(
      history,
      hint.map(copy => copy.siblings),
    )
    const home = this.#heldBy(owner, key)
    for (const { op } of siblings.versions) {
      const write = history.ofOp(op)
      if (write === undefined || here.has(write) || home.has(write)) continue
      if (history.isReaped(write)) continue
      if (this.#lost.get(node)?.has(write) === true) continue
      fail(
        'I7',
        key,
        `${node} said that it keeps ${write.id} for ${owner}, and its disk has no such hint`,
      )
    }
  }

  /** A hint was written, merged or removed. What is in it no more has to be at its owner. */
  #changed(node: NodeId, { key: row, value }: Row): void {
    const { decoded, history, fail } = this.#scene
    const kept = this.#kept.get(node) ?? new Map<RowKey, HeldCopy>()
    this.#kept.set(node, kept)
    const before = kept.get(row)
    const now = value && decoded.copyIn(row, value)
    if (now === undefined) kept.delete(row)
    else kept.set(row, now)
    if (before === undefined || before.owner === undefined) return
    const { key, owner } = before
    const left = now === undefined ? new Set<Write>() : knownOf(history, [now.siblings])
    const gone = [...knownOf(history, [before.siblings])].filter(
      write => !left.has(write) && !history.isReaped(write),
    )
    if (gone.length === 0) return
    const home = this.#heldBy(owner, key)
    const missing = gone.find(
      write => !home.has(write) && this.#lost.get(owner)?.has(write) !== true,
    )
    if (missing === undefined) return
    const story = `${node} let go of its hint of ${missing.id} for ${owner}, whose disk does not have it`
    fail('I7', key, story)
  }

  #heldBy(node: NodeId, key: HeldCopy['key']): ReadonlySet<Write> {
    const { context, history } = this.#scene
    const copies = copiesOn(this.#scene, context.machines.get(node)?.disk.rows, key)
    const own = copies.filter(copy => copy.owner === undefined || copy.owner === node)
    return knownOf(
      history,
      own.map(copy => copy.siblings),
    )
  }

  /** Faults may take hints, and what owners had: neither can be held against anybody. */
  #destroyed({ node, before }: Extract<Notice, { type: 'destroyed' }>): void {
    const { context, decoded, history } = this.#scene
    const rows = context.machines.get(node)?.disk.rows ?? new Map<RowKey, Uint8Array>()
    const lost = this.#lost.get(node) ?? new Set()
    this.#lost.set(node, lost)
    for (const [row, bytes] of before) {
      const copy = rows.get(row) === bytes ? undefined : decoded.copyIn(row, bytes)
      if (copy === undefined) continue
      for (const write of knownOf(history, [copy.siblings])) lost.add(write)
    }
    const kept = new Map<RowKey, HeldCopy>()
    for (const [row, bytes] of rows) {
      const copy = isHint(row) ? decoded.copyIn(row, bytes) : undefined
      if (copy !== undefined) kept.set(row, copy)
    }
    this.#kept.set(node, kept)
  }
}

function nameOf(node: NodeId, from: NodeId, id: number): string {
  return `${node} ${from} ${id}`
}
