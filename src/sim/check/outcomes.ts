/**
 * I12: outcomes are exact. A failure called definite did not happen: its operation is never seen
 * in any message, on any disk, in any answer, before it or after it. What carries a context that
 * was cut or changed fails.
 */
import type { OpId } from '../../core/ids.ts'
import type { Checker, MakeChecker } from './checker.ts'

export const outcomesChecker: MakeChecker = (scene): Checker => {
  const seen = new Set<OpId>()
  const told = new Set<OpId>()

  const see = (op: OpId, where: string) => {
    if (seen.has(op)) return
    seen.add(op)
    const write = scene.history.ofOp(op)
    if (write?.refused !== true) return
    tell(op, `${write.id} failed for certain, and then ${where} had it`)
  }
  const tell = (op: OpId, story: string) => {
    if (told.has(op)) return
    told.add(op)
    scene.fail('I12', scene.history.ofOp(op)?.key, story)
  }

  return {
    name: 'I12',
    onNotice: notice => {
      switch (notice.type) {
        case 'effect': {
          const { effect, node } = notice
          if (effect.type !== 'send' || effect.message.type !== 'store') return
          const object = scene.decoded.object(effect.message.object)
          for (const { op } of object?.versions ?? []) see(op, node)
          return
        }
        case 'durable':
          for (const { key: row, value } of notice.rows) {
            const copy = value && scene.decoded.copyIn(row, value)
            for (const { op } of copy?.siblings.versions ?? []) see(op, notice.node)
          }
          return
        case 'settled': {
          const { write, shown, client, spoiled, result, key } = notice.call
          if (spoiled && result?.type === 'done') {
            const story = `${client} sent ${write?.id} with a spoiled context, and it was taken`
            scene.fail('I12', key, story)
          }
          for (const { op } of shown) if (op !== undefined) see(op, client)
          if (write?.refused !== true || write.op === undefined || !seen.has(write.op)) return
          tell(write.op, `${client} was told that ${write.id} failed for certain; it had happened`)
        }
      }
    },
  }
}
