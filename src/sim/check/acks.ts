/**
 * I13 and I12: at the instant an ack leaves, the disks are looked at. A replica that says
 * "stored" has it on its disk; a coordinator that says "written" has as many disks as it was
 * asked for behind it, those that it names among them.
 */
import type { Siblings, Version } from '../../core/causality/siblings.ts'
import type { Key, NodeId } from '../../core/ids.ts'
import type { PutReply, StoreCopy } from '../../core/message.ts'
import type { Effect } from '../../core/step.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { accountsFor, copiesOn, knownOf } from './copies.ts'
import type { Rows } from './decoded.ts'

export const acksChecker: MakeChecker = (scene): Checker => {
  const audit = new Audit(scene)
  return {
    name: 'I13 I12',
    onNotice: notice => {
      if (notice.type === 'input' && notice.input.type === 'message') {
        const { from, message } = notice.input
        if (message.type === 'store') audit.begins(notice.node, from, message)
      } else if (notice.type === 'effect') look(audit, notice.node, notice.effect)
      else if (notice.type === 'ended') audit.forget(notice.node)
      else if (notice.type === 'destroyed') audit.disks.lost(notice.node, notice.before)
    },
  }
}

function look(audit: Audit, node: NodeId, effect: Effect): void {
  if (effect.type === 'reply' && effect.reply.type === 'wrote') audit.ackOfPut(node, effect.reply)
  if (effect.type !== 'send') return
  const { message, to } = effect
  if (message.type === 'stored' && message.refused === undefined) {
    audit.ackOfCopy(node, to, message.id)
  } else if (message.type === 'forwarded' && message.reply.type === 'wrote') {
    audit.ackOfPut(node, message.reply)
  }
}

class Audit {
  readonly disks: Disks
  readonly #scene: Scene
  /** Copies that a node was sent and has not acknowledged. */
  readonly #copies = new Map<string, StoreCopy>()

  constructor(scene: Scene) {
    this.#scene = scene
    this.disks = new Disks(scene)
  }

  begins(node: NodeId, from: NodeId, copy: StoreCopy): void {
    this.#copies.set(nameOf(node, from, copy.id), copy)
  }

  /** A process that is gone acknowledges nothing any more. */
  forget(node: NodeId): void {
    for (const name of this.#copies.keys()) {
      if (name.startsWith(`${node} `)) this.#copies.delete(name)
    }
  }

  ackOfCopy(node: NodeId, to: NodeId, id: number): void {
    const copy = this.#copies.get(nameOf(node, to, id))
    if (copy === undefined) return
    this.#copies.delete(nameOf(node, to, id))
    const { key, object } = copy
    const versions = this.#scene.decoded.object(object)?.versions
    const missing = versions?.find(version => {
      const write = this.#scene.history.ofOp(version.op)
      if (write !== undefined && this.#scene.history.isReaped(write)) return false
      return !this.disks.holds(node, key, held => this.#accounts(held, version))
    })
    if (missing === undefined) return
    const write = this.#scene.history.ofOp(missing.op)?.id ?? 'a write'
    const story = `${node} told ${to} that ${write} is stored, and its disk does not have it`
    this.#scene.fail('I13', key, story)
  }

  /** By its vector; where that was cut short, by what its versions' writers had seen. */
  #accounts(held: Siblings, version: Pick<Version, 'dot' | 'op'>): boolean {
    if (accountsFor(held, version)) return true
    const { context, history } = this.#scene
    const write = history.ofOp(version.op)
    if (write === undefined) return false
    return context.prunes && knownOf(history, [held]).has(write)
  }

  ackOfPut(node: NodeId, { outcome }: PutReply): void {
    const { op, dot, primaryAcks, fallbackAcks, hinted } = outcome
    const write = op === undefined ? undefined : this.#scene.history.ofOp(op)
    if (op === undefined || write === undefined) return
    if (this.#scene.history.isReaped(write)) return
    const { key, id: name } = write
    const has = (held: Siblings) =>
      // Without a dot it was superseded before it was repeated, and its id may be forgotten since.
      dot === undefined || this.#accounts(held, { dot, op })
    const { members } = this.#scene.context
    const holders = members.filter(({ id }) => this.disks.holds(id, key, has)).length
    // What the client asked for, not what the reply says that it did.
    const wanted = write.needed
    const { fail } = this.#scene
    if (holders < wanted) {
      fail(
        'I13',
        key,
        `${node} answered that ${name} is written: on ${holders} disks, not ${wanted}`,
      )
    }
    const named = [...primaryAcks, ...fallbackAcks]
    // A hint that has gone home is at its owner.
    const isHome = hinted.some(id => this.disks.holds(id, key, has))
    const isEmpty = (id: NodeId) => !this.disks.holds(id, key, has)
    const empty = primaryAcks.find(isEmpty) ?? (isHome ? undefined : fallbackAcks.find(isEmpty))
    if (empty !== undefined) {
      fail('I13', key, `${node} named ${empty} for ${name}, and its disk does not have it`)
    }
    const acks = new Set(named).size
    if (acks < wanted) fail('I12', key, `${node} answered ${name} with ${acks} acks, not ${wanted}`)
  }
}

class Disks {
  readonly #scene: Scene
  /** Disks that held something and were destroyed by a fault. */
  readonly #destroyed = new Map<NodeId, Rows[]>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  lost(node: NodeId, rows: Rows): void {
    this.#destroyed.set(node, [...(this.#destroyed.get(node) ?? []), rows])
  }

  /** Does this node's disk, or one that it lost by a fault, hold such a copy of the key? */
  holds(node: NodeId, key: Key, has: (copy: Siblings) => boolean): boolean {
    const rows = this.#scene.context.machines.get(node)?.disk.rows
    // Its own copy, and hints for any owner: coordinators build on all of them together.
    const isIn = (disk: Rows | undefined) =>
      copiesOn(this.#scene, disk, key).some(({ siblings }) => has(siblings))
    return isIn(rows) || (this.#destroyed.get(node)?.some(isIn) ?? false)
  }
}

function nameOf(node: NodeId, from: NodeId, id: number): string {
  return `${node} ${from} ${id}`
}
