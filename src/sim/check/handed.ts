/**
 * Which hints their owners have acknowledged, as the holder was told: it may forget them at once,
 * though its disk has them until the next commit.
 */
import type { NodeId } from '../../core/ids.ts'
import type { Handoff, PeerMessage } from '../../core/message.ts'
import { hintRowKey } from '../../core/row-key.ts'
import type { RowKey } from '../../core/step.ts'
import type { Notice } from '../notice.ts'

export class HandedHints {
  readonly #sent = new Map<string, Handoff>()
  /** The object as it was handed over, by node and row. */
  readonly #handed = new Map<NodeId, Map<RowKey, Uint8Array>>()

  hear(notice: Notice): void {
    if (notice.type === 'effect' && notice.effect.type === 'send') {
      const { to, message } = notice.effect
      if (message.type === 'handoff') this.#sent.set(nameOf(notice.node, to, message.id), message)
    } else if (notice.type === 'input' && notice.input.type === 'message') {
      this.#answered(notice.node, notice.input.from, notice.input.message)
    } else if (notice.type === 'ended') this.#forget(notice.node)
  }

  /** Did this node hear that its owner has all of what is in the row now? */
  has(node: NodeId, row: RowKey, bytes: Uint8Array): boolean {
    const object = this.#handed.get(node)?.get(row)
    return object !== undefined && endsWith(bytes, object)
  }

  #answered(node: NodeId, owner: NodeId, message: PeerMessage): void {
    if (message.type !== 'handed') return
    const { refused, left } = message
    if (refused !== undefined && left.length === 0) return
    const name = nameOf(node, owner, message.id)
    const handed = this.#handed.get(node) ?? new Map<RowKey, Uint8Array>()
    this.#handed.set(node, handed)
    for (const [i, { token, key, object }] of (this.#sent.get(name)?.copies ?? []).entries()) {
      if (!left.includes(i)) handed.set(hintRowKey(token, key, owner), object)
    }
    this.#sent.delete(name)
  }

  /** What a process was told is gone with it. */
  #forget(node: NodeId): void {
    this.#handed.delete(node)
    for (const name of this.#sent.keys()) if (name.startsWith(`${node} `)) this.#sent.delete(name)
  }
}

function nameOf(node: NodeId, owner: NodeId, id: number): string {
  return `${node} ${owner} ${id}`
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  const from = bytes.length - end.length
  if (from < 0) return false
  for (let i = 0; i < end.length; i++) if (bytes[from + i] !== end[i]) return false
  return true
}
