/**
 * I8: at rest the living know one view and believe each other alive and the dead down; and
 * nobody suspects another for its own absence. A suspicion is born where φ passes 8; one that is
 * born far above was not looked at for so long that the observer itself must have been away.
 */
import type { NodeId } from '../../core/ids.ts'
import type { Checker, MakeChecker } from './checker.ts'

export const viewsChecker: MakeChecker = (scene): Checker => ({
  name: 'I8',
  onNotice: notice => {
    if (notice.type !== 'effect' || notice.effect.type !== 'note') return
    const { event, detail } = notice.effect.note
    if (event !== 'suspect' || Number(detail['phi']) < phiBornMax) return
    const late = `${notice.node} suspects ${detail['peer']} all at once, with φ ${detail['phi']}`
    scene.fail('I8', undefined, `${late}: it was away itself`)
  },
  atRest: () => {
    const epochs = new Map<string, NodeId>()
    for (const { id, process, now, clock } of scene.context.machines.values()) {
      if (process === undefined || process.ended) continue
      const { epoch, beliefs } = process.replica.beliefs(clock.monotonic(now))
      epochs.set(epoch, id)
      for (const { node, status } of beliefs) {
        const wanted = scene.dead.has(node) ? 'down' : 'alive'
        if (status === wanted) continue
        scene.fail('I8', undefined, `${id} believes ${node} ${status} at rest, it is ${wanted}`)
      }
    }
    if (epochs.size > 1) {
      scene.fail('I8', undefined, `${[...epochs.values()].join(' and ')} know other views at rest`)
    }
  },
})

/** Looked at every 100 ms, φ rises from below 8 by a few at a time. */
const phiBornMax = 40
