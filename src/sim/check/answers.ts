/**
 * I4 and I12 at the answer to a read. What a replica says it holds is on its disk when the answer
 * leaves: an answer that counts to a quorum, or spares a repair, and is gone after a crash breaks
 * what the get claimed (protocols 11). And a fallback that a get's outcome names had something:
 * its "nothing" says nothing of what the owners hold (design §4).
 */
import { digestOfRecord } from '../../core/causality/record.ts'
import type { Key, NodeId } from '../../core/ids.ts'
import type { CopyRead } from '../../core/message.ts'
import { hintOfRow } from '../../core/row-key.ts'
import type { RowKey } from '../../core/step.ts'
import type { Micros } from '../events.ts'
import { simHash } from '../hash.ts'
import type { Call } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { copiesOn } from './copies.ts'
import { isHint } from './decoded.ts'

export const answersChecker: MakeChecker = (scene): Checker => {
  const answers = new Answers(scene)
  return { name: 'I4 I12', onNotice: notice => answers.hear(notice) }
}

class Answers {
  readonly #scene: Scene
  /** The keys of reads that a node was asked for and has not answered. */
  readonly #reads = new Map<string, Key>()
  /** When a node's disk last lost a hint of a key, for whatever reason. */
  readonly #hintGoneAt = new Map<string, Micros>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  hear(notice: Notice): void {
    if (notice.type === 'input' && notice.input.type === 'message') {
      const { from, message } = notice.input
      if (message.type !== 'read') return
      this.#reads.set(`${notice.node} ${from} ${message.id}`, message.key)
    } else if (notice.type === 'effect' && notice.effect.type === 'send') {
      const { to, message } = notice.effect
      if (message.type === 'held') this.#answered(notice.node, to, message)
    } else if (notice.type === 'ended') this.#forget(notice.node)
    else if (notice.type === 'durable') {
      for (const { key: row, value } of notice.rows)
        if (value === undefined) this.#gone(notice.node, row)
    } else if (notice.type === 'destroyed') {
      for (const row of notice.before.keys()) this.#gone(notice.node, row)
    } else if (notice.type === 'settled') this.#settled(notice.call)
  }

  #answered(node: NodeId, to: NodeId, { id, digest, object, refused }: CopyRead): void {
    const name = `${node} ${to} ${id}`
    const key = this.#reads.get(name)
    this.#reads.delete(name)
    if (key === undefined || refused !== undefined || digest === '') return
    const { context, decoded, history, fail } = this.#scene
    const disk = context.machines.get(node)?.disk.rows
    const copies = copiesOn(this.#scene, disk, key)
    const own = copies.find(copy => copy.owner === undefined)
    const bytes = own && disk?.get(own.row)
    const onDisk = bytes === undefined ? undefined : digestOfRecord(simHash, key, bytes)
    const onlyHints = copies.length > 0 && own === undefined
    if (digest !== onDisk && !onlyHints) {
      fail('I4', key, `${node} told ${to} of something that its disk does not have`)
    }
    const siblings = object === undefined ? undefined : decoded.object(object)
    for (const { op, dot } of siblings?.versions ?? []) {
      const isOnDisk = copies.some(copy =>
        copy.siblings.versions.some(
          held =>
            held.op === op && held.dot.counter === dot.counter && held.dot.actor === dot.actor,
        ),
      )
      if (isOnDisk) continue
      const write = history.ofOp(op)?.id ?? 'a write'
      fail('I4', key, `${node} told ${to} that it holds ${write}, and its disk does not have it`)
    }
  }

  #settled({ result, key, at, client }: Call): void {
    if (result?.type !== 'done' || result.reply.type !== 'got') return
    const { context, fail } = this.#scene
    for (const node of result.reply.outcome.fallbackAcks) {
      const copies = copiesOn(this.#scene, context.machines.get(node)?.disk.rows, key)
      if (copies.some(({ owner }) => owner !== undefined)) continue
      if ((this.#hintGoneAt.get(`${node} ${key}`) ?? -1) >= at) continue
      fail(
        'I12',
        key,
        `${node} counted for what ${client} was shown, and it held nothing of the key`,
      )
    }
  }

  #gone(node: NodeId, row: RowKey): void {
    if (!isHint(row)) return
    this.#hintGoneAt.set(`${node} ${hintOfRow(row).key}`, this.#scene.context.events.now)
  }

  #forget(node: NodeId): void {
    for (const name of this.#reads.keys()) if (name.startsWith(`${node} `)) this.#reads.delete(name)
  }
}
