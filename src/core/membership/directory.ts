/**
 * Where members listen, and what this node keeps of them in its store so that it restarts
 * knowing its peers. What the host was told (the cluster file) comes first, then the store's
 * rows, then what the members say themselves.
 */
import type { Hash } from '../hash.ts'
import type { NodeId } from '../ids.ts'
import type { MemberRecord } from '../message.ts'
import { memberOfRow, memberRowKey, memberRows } from '../row-key.ts'
import type { PeerAddress, RowKey, Store } from '../step.ts'
import { decodeMember, encodeMember } from './member-row.ts'
import { membersIn, membersMax, mergeViews, type View, viewOf } from './view.ts'

type Address = { readonly host: string; readonly port: number }

export class Directory {
  /** What was known at the start. */
  readonly view: View
  readonly #hash: Hash
  readonly #addresses = new Map<NodeId, Address>()
  readonly #incarnations = new Map<NodeId, number>()
  /** Bytes last written, by row. */
  readonly #kept = new Map<NodeId, string>()

  constructor(hash: Hash, reads: Store, members: readonly MemberRecord[]) {
    this.#hash = hash
    let view = viewOf(members.map(firstEntryOf))
    for (const { key, value } of reads.range(memberRows.from, memberRows.to, membersMax)) {
      const row = decodeMember(hash, memberOfRow(key), value)
      if (row === undefined) continue
      view = mergeViews(view, [row.entry])
      this.#incarnations.set(row.entry.id, row.incarnation)
      if (row.port > 0) this.#addresses.set(row.entry.id, { host: row.host, port: row.port })
    }
    // The operator's file says where they listen now; the store only where they did.
    for (const { id, host, port } of members) if (port > 0) this.#addresses.set(id, { host, port })
    this.view = view
  }

  /** The highest incarnation that the store knows of this member. */
  incarnationOf(id: NodeId): number {
    return this.#incarnations.get(id) ?? 0
  }

  /** True where that is news. */
  learn(id: NodeId, { host, port }: Address): boolean {
    const known = this.#addresses.get(id)
    if (port === 0 || (known?.host === host && known.port === port)) return false
    this.#addresses.set(id, { host, port })
    return true
  }

  /** The members with their addresses; port 0: not known. */
  records(view: View): readonly MemberRecord[] {
    return membersIn(view).map(({ id, weight, zone, key, statement }) => {
      const { host, port } = this.#addresses.get(id) ?? { host: '', port: 0 }
      return { id, host, port, weight, zone, key, statement }
    })
  }

  /** Whom to keep a connection to. */
  peers(view: View, self: NodeId): readonly PeerAddress[] {
    return this.records(view)
      .filter(({ id, port }) => id !== self && port > 0)
      .map(({ id, host, port }) => ({ id, host, port }))
  }

  /** The rows that are not in the store as they are now; `own` is this node's incarnation. */
  rows(
    view: View,
    self: NodeId,
    own: number,
  ): readonly { readonly key: RowKey; readonly value: Uint8Array }[] {
    const rows: { key: RowKey; value: Uint8Array }[] = []
    for (const entry of view) {
      const { host, port } = this.#addresses.get(entry.id) ?? { host: '', port: 0 }
      const incarnation = Math.max(this.incarnationOf(entry.id), entry.id === self ? own : 0)
      const mark = `${entry.removed} ${entry.version} ${host} ${port} ${incarnation}`
      if (this.#kept.get(entry.id) === mark) continue
      this.#kept.set(entry.id, mark)
      this.#incarnations.set(entry.id, incarnation)
      const value = encodeMember(this.#hash, { entry, host, port, incarnation })
      rows.push({ key: memberRowKey(entry.id), value })
    }
    return rows
  }
}

/** A member of the cluster file, as the first version of its attributes. */
function firstEntryOf({ id, weight, zone, key, statement }: MemberRecord) {
  return { id, removed: false, version: 1, weight, zone, key, statement }
}
