/**
 * Wall clocks that are set wrong by more than operation ids may be ahead, or by less, and put right
 * again: of one node, of half of them, of all at once. Clients stay connected across it.
 */
import type { NodeId } from '../core/ids.ts'
import type { Draw } from './draw.ts'
import type { Micros } from './events.ts'
import type { Fault } from './faults.ts'

export function clockSteps(at: Micros, draw: Draw, nodes: readonly NodeId[]): readonly Fault[] {
  const order = draw.shuffled(nodes)
  const count = draw.pick([1, Math.ceil(order.length / 2), order.length])
  const hours = draw.permille(700) ? draw.between(25, 30) : draw.between(1, 23)
  const offsetMs = (draw.permille(500) ? -1 : 1) * hours * hourMs
  const right = at + draw.between(second, 12 * second)
  const staysWrong = draw.permille(200)
  return order.slice(0, count).flatMap(node => {
    const step = { kind: 'clock-step', type: 'clock', node } as const
    const back: Fault = { ...step, at: right + draw.below(second), offsetMs: draw.between(-50, 50) }
    return [{ ...step, at: at + draw.below(second / 2), offsetMs }, ...(staysWrong ? [] : [back])]
  })
}

const second = 1_000_000
const hourMs = 60 * 60 * 1000
