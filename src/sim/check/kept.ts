/**
 * I1: no acknowledged write is lost. What all disks hold together must have it, or a write that
 * had been shown it. I2, at rest: nothing that is there was superseded by what is there.
 */
import { sometimes } from '#mutants'
import type { Siblings } from '../../core/causality/siblings.ts'
import type { Key } from '../../core/ids.ts'
import { isBefore, mayBeBefore, type Write } from '../history.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { copiesByKey, knownOf, together, writesOf } from './copies.ts'

export const keptChecker: MakeChecker = (scene): Checker => {
  /** Writes that a fault which may do so took from every disk. */
  const excused = new Set<Write>()
  return {
    name: 'I1 I2',
    onNotice: notice => {
      if (notice.type !== 'destroyed') return
      const { machines } = scene.context
      const others = [...machines.values()].filter(machine => machine.id !== notice.node)
      const disks = others.map(machine => machine.disk.rows)
      const now = machines.get(notice.node)?.disk.rows ?? new Map()
      const before = copiesByKey([...disks, notice.before])
      const after = copiesByKey([...disks, now])
      for (const [key, copies] of before) {
        const left = knownOf(scene.history, after.get(key) ?? [])
        for (const write of knownOf(scene.history, copies)) if (!left.has(write)) excused.add(write)
      }
    },
    atRest: () => {
      const disks = [...scene.context.machines.values()].map(machine => machine.disk.rows)
      const copies = copiesByKey(disks)
      for (const [key, writes] of scene.history.writes) {
        check(scene, key, writes, copies.get(key) ?? [], excused)
      }
    },
  }
}

function check(
  scene: Scene,
  key: Key,
  writes: readonly Write[],
  copies: readonly Siblings[],
  excused: ReadonlySet<Write>,
): void {
  const versions = together(copies)
  const there = writesOf(scene.history, versions)
  const names = [...there].map(write => write.id).join(', ')
  for (const write of writes) {
    if (there.has(write) || !write.acknowledged || excused.has(write)) continue
    if (scene.history.isReaped(write)) continue
    if ([...there].some(later => mayBeBefore(write, later))) continue
    scene.fail(
      'I1',
      key,
      `${write.id} was acknowledged, and of all that the disks hold together (${names}) nothing is it or had seen it`,
    )
  }
  // A dropped vector entry may bring back a sibling that was settled (design §2).
  if (scene.context.prunes) return
  for (const earlier of there) {
    const later = [...there].find(other => isBefore(earlier, other))
    if (later === undefined) continue
    if (scene.mayReturn(earlier, { later, versions })) {
      sometimes('a second dot of one operation outlived its list')
    } else {
      scene.fail('I2', key, `${earlier.id} is there beside ${later.id}, whose writer had seen it`)
    }
  }
}
