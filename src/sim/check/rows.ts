/**
 * I2, row by row: what a node's commit writes over, the new row still holds or had superseded.
 * Told from the workload: a write is superseded by one whose writer had been shown it. So a copy
 * that was put in the place of what came meanwhile is noticed though others still hold it.
 */
import type { NodeId } from '../../core/ids.ts'
import type { Row, RowKey } from '../../core/step.ts'
import type { Checker, MakeChecker } from './checker.ts'
import { knownOf } from './copies.ts'
import type { HeldCopy } from './decoded.ts'

export const rowsChecker: MakeChecker = (scene): Checker => {
  const { decoded, history, context, fail } = scene
  /** Every object on every disk, as its last commit left it. */
  const held = new Map<NodeId, Map<RowKey, HeldCopy>>()
  const rowsOf = (node: NodeId) => {
    const rows = held.get(node) ?? new Map<RowKey, HeldCopy>()
    held.set(node, rows)
    return rows
  }
  const changed = (node: NodeId, { key: row, value }: Row) => {
    // What may go with its row, `reaped.ts` looks at.
    if (value === undefined) rowsOf(node).delete(row)
    const copy = value && decoded.copyIn(row, value)
    if (copy === undefined || copy.owner !== undefined) return
    const before = rowsOf(node).get(row)
    rowsOf(node).set(row, copy)
    if (before === undefined) return
    const now = knownOf(history, [copy.siblings])
    for (const write of knownOf(history, [before.siblings])) {
      if (now.has(write) || write.dots > 1 || history.isReaped(write)) continue
      return fail(
        'I2',
        copy.key,
        `${node} wrote over ${write.id} in its row, which was not superseded`,
      )
    }
  }
  return {
    name: 'I2 rows',
    onNotice: notice => {
      if (notice.type === 'durable') {
        for (const row of notice.rows) changed(notice.node, row)
      } else if (notice.type === 'destroyed') {
        const rows = rowsOf(notice.node)
        rows.clear()
        for (const [row, bytes] of context.machines.get(notice.node)?.disk.rows ?? []) {
          const copy = decoded.copyIn(row, bytes)
          if (copy !== undefined && copy.owner === undefined) rows.set(row, copy)
        }
      }
    },
  }
}
