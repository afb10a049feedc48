/**
 * I20: nothing is dropped in silence. Each message that core hands out in a step is queued for
 * its connection, or comes back before anything else reaches that node; who asked for a reply that
 * is too large, or for which there is no room, gets a smaller one in the same turn; and whoever
 * loses a connection that was proved is told.
 */
import type { NodeId } from '../../core/ids.ts'
import type { PeerMessage } from '../../core/message.ts'
import { isPeerReply } from '../../core/message-class.ts'
import type { Effect, Input } from '../../core/step.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'

export const droppedChecker: MakeChecker = (scene): Checker => {
  const dropped = new Dropped(scene)
  return {
    name: 'I20',
    onNotice: notice => dropped.hear(notice),
    atRest: () => dropped.atRest(),
  }
}

class Dropped {
  readonly #scene: Scene
  /**
   * What a node's step handed out and was neither queued nor brought back, and for whom: the copies
   * of a put are one message, for each of its owners.
   */
  readonly #open = new Map<NodeId, Map<PeerMessage, NodeId[]>>()
  /** Smaller replies that a node owes in this turn, by whom and what they are for. */
  readonly #owed = new Map<NodeId, Map<string, string>>()
  /** Connections that core was told of, by what core knows them by, and those that are gone. */
  readonly #proved = new Map<number, string>()
  readonly #gone = new Set<string>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  hear(notice: Notice): void {
    switch (notice.type) {
      case 'effect':
        return this.#handed(notice.node, notice.effect)
      case 'queued':
        return this.#done(notice.node, notice.to, notice.message)
      case 'input':
        return this.#input(notice.node, notice.input)
      case 'link-proved':
        return void this.#proved.set(notice.link, `${notice.node} ${notice.to}`)
      case 'link-over': {
        const name = this.#proved.get(notice.link)
        this.#proved.delete(notice.link)
        if (name !== undefined) this.#gone.add(name)
        return
      }
      case 'ended':
        return this.#forget(notice.node)
    }
  }

  atRest(): void {
    for (const node of [...this.#open.keys()]) this.#close(node)
    const [gone] = this.#gone
    if (gone !== undefined) this.#fail(`${gone}: the connection is gone, and core was not told`)
  }

  #handed(node: NodeId, effect: Effect): void {
    if (effect.type === 'send') {
      const { to, message } = effect
      const open = this.#open.get(node) ?? new Map<PeerMessage, NodeId[]>()
      this.#open.set(node, open)
      const whom = open.get(message)
      if (whom === undefined) open.set(message, [to])
      else whom.push(to)
      if (isPeerReply(message)) this.#owed.get(node)?.delete(`${to} ${message.id}`)
    } else if (effect.type === 'reply') this.#owed.get(node)?.delete(`${effect.caller}`)
  }

  /** One copy of a message was queued, or came back. */
  #done(node: NodeId, to: NodeId, message: PeerMessage): void {
    const whom = this.#open.get(node)?.get(message)
    const at = whom?.indexOf(to) ?? -1
    if (at >= 0) whom?.splice(at, 1)
  }

  #input(node: NodeId, input: Input): void {
    if (input.type === 'unsent') {
      const { to, message, why } = input
      this.#done(node, to, message)
      if (why === 'gone' || !isPeerReply(message) || !saysMore(message)) return
      this.#owe(node, `${to} ${message.id}`, `${message.type} for ${to}`)
    } else if (input.type === 'unreplied') {
      const { caller, reply } = input
      if (reply.type !== 'failed') this.#owe(node, `${caller}`, `${reply.type} for a client`)
      // What the host found on the disk comes back with what did not leave.
    } else if (input.type !== 'disk') this.#close(node)
    if (input.type === 'disconnected') this.#gone.delete(`${node} ${input.node}`)
    else if (input.type === 'connected' && this.#gone.has(`${node} ${input.node}`)) {
      this.#fail(`${node} was not told that its connection to ${input.node} was gone before`)
    }
  }

  #owe(node: NodeId, name: string, what: string): void {
    const owed = this.#owed.get(node)
    if (owed === undefined) this.#owed.set(node, new Map([[name, what]]))
    else owed.set(name, what)
  }

  /** The step before is over, and all that came back of it was taken. */
  #close(node: NodeId): void {
    const open = this.#open.get(node)
    for (const [{ type }, whom] of open ?? []) {
      for (const to of whom) this.#fail(`a ${type} of ${node} for ${to} was dropped in silence`)
    }
    open?.clear()
    const owed = this.#owed.get(node)
    for (const what of owed?.values() ?? []) {
      this.#fail(`${node} said nothing in place of the ${what} that it could not send`)
    }
    owed?.clear()
  }

  #forget(node: NodeId): void {
    this.#open.delete(node)
    this.#owed.delete(node)
    for (const [link, name] of this.#proved) {
      if (name.startsWith(`${node} `)) this.#proved.delete(link)
    }
    for (const name of this.#gone) if (name.startsWith(`${node} `)) this.#gone.delete(name)
  }

  #fail(story: string): void {
    this.#scene.fail('I20', undefined, story)
  }
}

/** Can the same be said in fewer bytes, as a refusal? */
function saysMore(reply: PeerMessage): boolean {
  switch (reply.type) {
    case 'held':
      return reply.object !== undefined
    case 'listed':
      return reply.rows.length > 0
    case 'compared':
      return reply.entries.length > 0
    case 'differing':
    case 'fetched':
      return reply.copies.length > 0
    case 'rounded':
      return reply.parts.length > 0
    case 'forwarded':
      return reply.reply.type !== 'failed'
    default:
      return false
  }
}
