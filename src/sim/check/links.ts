/**
 * S1, the simulator's own: nothing is delivered over a link that was cut from before it was sent
 * until it arrived. Told from the list of faults, not from the network's books.
 */
import type { Fault } from '../faults.ts'
import type { Checker, MakeChecker } from './checker.ts'

type Partition = Extract<Fault, { type: 'partition' }>

export const linksChecker: MakeChecker = (scene): Checker => {
  const lasting = new Set<Partition>()
  const began = new Map<Partition, number>()
  return {
    name: 'S1',
    onNotice: notice => {
      const { now } = scene.context.events
      if (notice.type === 'fault' && notice.fault.type === 'partition') {
        if (notice.began) {
          lasting.add(notice.fault)
          began.set(notice.fault, now)
        } else lasting.delete(notice.fault)
      } else if (notice.type === 'delivered') {
        const { from, to, message, sentAt } = notice
        for (const fault of lasting) {
          if (sentAt <= (began.get(fault) ?? now)) continue
          if (fault.message !== undefined && fault.message !== message) continue
          if (!fault.cuts.some(cut => cut.from === from && cut.to === to)) continue
          const what = message ?? 'bytes'
          scene.fail('S1', undefined, `${what} came from ${from} to ${to} through a partition`)
        }
      }
    },
  }
}
