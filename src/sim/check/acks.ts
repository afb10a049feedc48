/**
 * I13 and I12: at the instant an ack leaves, the disks are looked at. A replica that says
 * "stored" has it on its disk; a coordinator that says "written" has as many disks as it was
 * asked for behind it, those that it names among them.
 */
import type { Siblings } from '../../core/causality/siblings.ts'
import type { Key, NodeId, OpId } from '../../core/ids.ts'
import type { PutReply, StoreCopy } from '../../core/message.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import type { Rows } from './copies.ts'
import { accountsFor } from './copies.ts'

export const acksChecker: MakeChecker = (scene): Checker => {
  /** Copies that a node was sent and has not acknowledged. */
  const copies = new Map<string, StoreCopy>()
  /** Disks that held an operation and were destroyed by a fault. */
  const destroyed = new Map<NodeId, Rows[]>()
  const disk = new Disks(scene, destroyed)

  const ackOfCopy = (node: NodeId, to: NodeId, id: number) => {
    const copy = copies.get(nameOf(node, to, id))
    if (copy === undefined) return
    copies.delete(nameOf(node, to, id))
    const missing = scene.decoded
      .object(copy.object)
      ?.versions.find(version => !disk.holds(node, copy.key, held => accountsFor(held, version)))
    if (missing === undefined) return
    const write = scene.history.ofOp(missing.op)?.id ?? 'a write'
    const story = `${node} told ${to} that ${write} is stored, and its disk does not have it`
    scene.fail('I13', copy.key, story)
  }

  const ackOfPut = (node: NodeId, reply: PutReply) => {
    const { op, dot, primaryAcks, needed } = reply.outcome
    const write = op === undefined ? undefined : scene.history.ofOp(op)
    if (op === undefined || write === undefined) return
    const has = (held: Siblings) =>
      // Without a dot it was superseded before it was repeated, and its id may be forgotten since.
      dot === undefined || accountsFor(held, { dot, op })
    const { key } = write
    const holders = scene.context.members.filter(({ id }) => disk.holds(id, key, has))
    const wanted = quorumOf(scene, op, needed)
    if (holders.length < wanted) {
      const story = `${node} answered that ${write.id} is written; ${holders.length} disks have it, ${wanted} were asked for`
      scene.fail('I13', key, story)
    }
    const empty = primaryAcks.find(id => !disk.holds(id, key, has))
    if (empty !== undefined) {
      scene.fail(
        'I13',
        key,
        `${node} named ${empty} for ${write.id}, and its disk does not have it`,
      )
    }
    if (new Set(primaryAcks).size < wanted) {
      scene.fail(
        'I12',
        key,
        `${node} answered ${write.id} with ${primaryAcks.length} acks, not ${wanted}`,
      )
    }
  }

  return {
    name: 'I13 I12',
    onNotice: notice => {
      if (notice.type === 'input' && notice.input.type === 'message') {
        const { from, message } = notice.input
        if (message.type === 'store') copies.set(nameOf(notice.node, from, message.id), message)
      } else if (notice.type === 'effect') {
        const { effect, node } = notice
        if (effect.type === 'reply' && effect.reply.type === 'wrote') ackOfPut(node, effect.reply)
        if (effect.type !== 'send') return
        const { message, to } = effect
        if (message.type === 'stored' && message.refused === undefined) {
          ackOfCopy(node, to, message.id)
        } else if (message.type === 'forwarded' && message.reply.type === 'wrote') {
          ackOfPut(node, message.reply)
        }
      } else if (notice.type === 'ended') forget(copies, notice.node)
      else if (notice.type === 'destroyed') {
        destroyed.set(notice.node, [...(destroyed.get(notice.node) ?? []), notice.before])
      }
    },
  }
}

class Disks {
  readonly #scene: Scene
  readonly #destroyed: ReadonlyMap<NodeId, readonly Rows[]>

  constructor(scene: Scene, destroyed: ReadonlyMap<NodeId, readonly Rows[]>) {
    this.#scene = scene
    this.#destroyed = destroyed
  }

  /** Does this node's disk, or one that it lost by a fault, hold such a copy of the key? */
  holds(node: NodeId, key: Key, has: (copy: Siblings) => boolean): boolean {
    const rows = this.#scene.context.machines.get(node)?.disk.rows
    const row = this.#scene.decoded.rowKey(key)
    const isIn = (disk: Rows | undefined) => {
      const bytes = disk?.get(row)
      const held = bytes === undefined ? undefined : this.#scene.decoded.row(key, bytes)
      return held !== undefined && has(held)
    }
    return isIn(rows) || (this.#destroyed.get(node)?.some(isIn) ?? false)
  }
}

/** What the client asked for, not what the reply says that it did. */
function quorumOf(scene: Scene, op: OpId, said: number): number {
  return scene.history.ofOp(op)?.needed ?? said
}

function nameOf(node: NodeId, from: NodeId, id: number): string {
  return `${node} ${from} ${id}`
}

/** A process that is gone acknowledges nothing any more. */
function forget(copies: Map<string, StoreCopy>, node: NodeId): void {
  for (const name of copies.keys()) if (name.startsWith(`${node} `)) copies.delete(name)
}
