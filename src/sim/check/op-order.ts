/**
 * I11 before anything goes wrong: an operation has a higher id than those that its writer was shown,
 * and those that these had seen, else the lists of the highest ids forget it before them, and a retry
 * of it can only be unknown. What is a day ahead of some clock that the world has had is left out: a
 * client that went by that clock does not follow it, as docs/causality.md says.
 */
import { uint48Of } from '../../core/binary.ts'
import { type OpId, opAheadMsMax } from '../../core/ids.ts'
import { isBefore } from '../history.ts'
import type { Checker, MakeChecker } from './checker.ts'

export const opOrderChecker: MakeChecker = (scene): Checker => {
  const { machines, events } = scene.context
  let lowestOffsetMs = Number.POSITIVE_INFINITY
  const look = () => {
    for (const { clock } of machines.values()) {
      lowestOffsetMs = Math.min(lowestOffsetMs, clock.offsetMs)
    }
  }
  /** By the clock that was furthest behind. */
  const lowestTime = () => {
    const [machine] = machines.values()
    if (machine === undefined) return 0
    return machine.clock.wall(events.now) - machine.clock.offsetMs + lowestOffsetMs
  }
  return {
    name: 'I11',
    onNotice: notice => {
      if (notice.type === 'fault' && notice.fault.type === 'clock') {
        lowestOffsetMs = Math.min(lowestOffsetMs, notice.fault.offsetMs)
      }
      if (notice.type !== 'sent') return
      look()
      const { write } = notice
      const { op, key } = write
      // Who was shown more since the first try has the id that it had then.
      if (op === undefined || write.saw.length === 0 || write.shownMore) return
      let highest = write
      for (const one of scene.history.writes.get(key) ?? []) {
        if (isBefore(one, write) && (one.op ?? '') > (highest.op ?? '')) highest = one
      }
      if (highest === write) return
      if (uint48Of(highest.op as OpId) > lowestTime() + followedMsMax) return
      const story = `${write.id} has a lower operation id than ${highest.id}, which its writer knew of`
      scene.fail('I11', key, story)
    },
  }
}

/** What clients follow, less the time of a world. */
const followedMsMax = opAheadMsMax - 2 * 60 * 60 * 1000
