/**
 * D1: no node ends because its disk is full, unless others than the cluster filled it.
 * D2: a full disk takes deletes, and puts again once there is room: others made it, or whoever
 * deleted everything.
 */
import type { NodeId } from '../../core/ids.ts'
import type { Fault } from '../faults.ts'
import type { Checker, MakeChecker } from './checker.ts'

export const fullDisksChecker: MakeChecker = (scene): Checker => {
  if (scene.context.options.disks === undefined) return { name: 'D1 D2' }
  /** What others have on a disk for a while. */
  const fillers = new Map<NodeId, Set<Fault>>()
  let filledUntil = Number.NEGATIVE_INFINITY
  return {
    name: 'D1 D2',
    onNotice: notice => {
      if (notice.type === 'fault' && notice.fault.type === 'fill') {
        const { node, last } = notice.fault
        const some = fillers.get(node) ?? new Set()
        fillers.set(node, some)
        if (notice.began) some.add(notice.fault)
        else some.delete(notice.fault)
        filledUntil = Math.max(filledUntil, scene.context.events.now + last)
      } else if (notice.type === 'no-room') {
        if ((fillers.get(notice.node)?.size ?? 0) > 0) return
        const what = `${notice.node} found no room for a ${notice.at}`
        scene.fail('D1', undefined, `${what}, and only the cluster fills its disk`)
      } else if (notice.type === 'settled') {
        const { write, phase, result, at, key, kind, client } = notice.call
        if (result?.type !== 'failed' || result.failure.code !== 'STORE_FULL') return
        if (phase !== 'faults') {
          scene.fail('D2', key, `${client}'s ${kind} of ${key} found no room where there is some`)
        } else if (write?.deletes === true && at > filledUntil) {
          scene.fail('D2', key, `${client} could not delete ${key} on a full disk`)
        }
      }
    },
  }
}
