/**
 * I5: no dot names two operations, and no actor's counter goes back, over every restart, restore
 * and copy. Seen where a dot is first used: in what a coordinator sends or commits.
 */

import { hexOf } from '../../core/binary.ts'
import type { Siblings, Version } from '../../core/causality/siblings.ts'
import type { Actor, Key, NodeId, OpId } from '../../core/ids.ts'
import type { Effect } from '../../core/step.ts'
import type { Checker, MakeChecker } from './checker.ts'
import { recordsIn } from './shown-records.ts'

export const dotsChecker: MakeChecker = (scene): Checker => {
  const opOf = new Map<string, OpId>()
  /** What a node sends to many, or commits as it came, is looked at once. */
  const seen = new WeakSet<Siblings>()
  const highest = new Map<string, number>()

  const see = (node: NodeId, key: Key, version: Version) => {
    const { actor, counter } = version.dot
    const dot = `${key}/${actor}/${counter}`
    const known = opOf.get(dot)
    if (known === version.op) return
    const name = `(${hexOf(actor).slice(0, 6)},${counter})`
    if (known !== undefined) {
      const [a, b] = [known, version.op].map(op => scene.history.ofOp(op)?.id ?? 'nobody')
      return scene.fail('I5', key, `${node} gave the dot ${name} of ${a} to ${b} as well`)
    }
    opOf.set(dot, version.op)
    const write = scene.history.ofOp(version.op)
    if (write !== undefined) write.dots++
    if (version.via !== node) return
    const last = highest.get(actorOf(key, actor)) ?? 0
    if (counter <= last) scene.fail('I5', key, `${node} issued ${name} after (…,${last})`)
    highest.set(actorOf(key, actor), Math.max(last, counter))
  }

  const seeAll = (node: NodeId, key: Key, siblings: Siblings) => {
    if (seen.has(siblings)) return
    seen.add(siblings)
    for (const version of siblings.versions) see(node, key, version)
  }

  const look = (node: NodeId, effect: Effect) => {
    for (const { key, siblings } of recordsIn(effect, scene.decoded)) seeAll(node, key, siblings)
  }

  return {
    name: 'I5',
    onNotice: notice => {
      if (notice.type === 'effect') look(notice.node, notice.effect)
    },
  }
}

function actorOf(key: Key, actor: Actor): string {
  return `${key}/${actor}`
}
