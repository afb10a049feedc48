/**
 * I11: an operation id takes effect at most once, as far back as the lists of ids reach. A
 * coordinator that holds an operation, or what superseded it, gives it no second dot; and no
 * answer, and nothing that the disks hold together, has an operation twice, or under a further dot
 * beside what superseded it: after its first try was overwritten or deleted, or surfaced late.
 */
import { opsKept, type Version } from '../../core/causality/siblings.ts'
import type { Key, NodeId, OpId } from '../../core/ids.ts'
import type { Effect } from '../../core/step.ts'
import { isBefore, type Write } from '../history.ts'
import type { Notice } from '../notice.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { copiesByKey, copiesOn, together, writesOf } from './copies.ts'
import { HandedHints } from './handed.ts'
import type { Beside } from './second-dots.ts'
import { recordsIn } from './shown-records.ts'

export const operationsChecker: MakeChecker = (scene): Checker => {
  const dots = new Dots(scene)
  return {
    name: 'I11',
    onNotice: notice => {
      dots.hear(notice)
      if (notice.type !== 'settled' || notice.call.result?.type !== 'done') return
      const { key, client, result } = notice.call
      if (result.reply.type !== 'got') return
      const ops = result.reply.versions.map(version => version.op)
      const twin = ops.find((op, i) => ops.indexOf(op) < i)
      const name = twin === undefined ? undefined : nameOf(scene, twin)
      if (name !== undefined) scene.fail('I11', key, `${client} was shown ${name} twice at once`)
      tellReturned(scene, key, result.reply.versions, `${client} was shown`)
    },
    atRest: () => {
      const disks = [...scene.context.machines.values()].map(machine => machine.disk.rows)
      for (const [key, copies] of copiesByKey(disks)) {
        tellReturned(scene, key, together(copies), 'the disks hold')
      }
    },
  }
}

/** Every dot of every operation, from where it is first used, and the id that a write is known by. */
class Dots {
  readonly #scene: Scene
  readonly #handed = new HandedHints()
  readonly #known = new Map<OpId, string[]>()
  readonly #opOf = new Map<Write, OpId>()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  hear(notice: Notice): void {
    this.#handed.hear(notice)
    if (notice.type === 'effect') this.#look(notice.node, notice.effect)
  }

  #look(node: NodeId, effect: Effect): void {
    for (const { key, siblings } of recordsIn(effect, this.#scene.decoded)) {
      this.#see(node, key, siblings.versions)
    }
  }

  #see(node: NodeId, key: Key, versions: readonly Version[]): void {
    for (const { op, dot, via } of versions) {
      this.#isOtherOp(node, key, op)
      const name = `${dot.actor}/${dot.counter}`
      const known = this.#known.get(op)
      if (known === undefined) this.#known.set(op, [name])
      else if (!known.includes(name)) {
        known.push(name)
        if (via === node) this.#isSecond(node, key, op)
      }
    }
  }

  /** A client may take another id for its write only while none has taken effect. */
  #isOtherOp(node: NodeId, key: Key, op: OpId): void {
    const write = this.#scene.history.ofOp(op)
    if (write === undefined) return
    const first = this.#opOf.get(write)
    if (first === undefined) this.#opOf.set(write, op)
    else if (first !== op) {
      this.#scene.fail('I11', key, `${node} holds ${write.id} under a second operation id`)
    }
  }

  /** Does the node that gave an operation a further dot hold it already, or what superseded it? */
  #isSecond(node: NodeId, key: Key, op: OpId): void {
    const { context, history, fail } = this.#scene
    const write = history.ofOp(op)
    if (write === undefined || !isWatched(this.#scene, write)) return
    if (history.isReaped(write)) {
      fail('I11', key, `${node} gave ${write.id} a further dot after it was deleted and reaped`)
    }
    const disk = context.machines.get(node)?.disk.rows
    // A hint that went home may be forgotten already.
    const held = copiesOn(this.#scene, disk, key).filter(({ row }) => {
      const bytes = disk?.get(row)
      return bytes === undefined || !this.#handed.has(node, row, bytes)
    })
    for (const version of held.flatMap(({ siblings }) => siblings.versions)) {
      const other = history.ofOp(version.op)
      if (other === write) {
        fail('I11', key, `${node} gave ${write.id} a further dot, and its disk holds it already`)
      } else if (other !== undefined && isBefore(write, other)) {
        const story = `${node} gave ${write.id} a further dot, and its disk holds ${other.id}, which superseded it`
        fail('I11', key, story)
      }
    }
  }
}

/** A write that has several dots and is there beside one whose writer had seen it. */
function tellReturned(scene: Scene, key: Key, versions: Beside['versions'], where: string): void {
  const there = [...writesOf(scene.history, versions)]
  for (const write of there) {
    if (write.dots < 2) continue
    const later = there.find(other => isBefore(write, other))
    if (later === undefined || !isWatched(scene, write, { later, versions })) continue
    const story = `${where} ${write.id}, once more after ${later.id} had superseded it`
    scene.fail('I11', key, story)
  }
}

/**
 * Can no list of ids have forgotten the write? A list keeps the highest 8; a context's also its own
 * put's, however low that is, so that 7 others are sure.
 */
function isWithinReach({ history }: Scene, write: Write): boolean {
  return history.countAbove(write) < opsKept - 1
}

function isWatched(scene: Scene, write: Write, beside?: Beside): boolean {
  return isWithinReach(scene, write) || !scene.mayReturn(write, beside)
}

function nameOf({ history }: Scene, op: OpId): string | undefined {
  return history.ofOp(op)?.id
}
