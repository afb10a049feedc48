/** I14: tables and queues are within their bounds at all times, and empty at rest. */
import type { NodeId } from '../../core/ids.ts'
import type { Micros } from '../events.ts'
import type { Checker, MakeChecker } from './checker.ts'
import { isHint, type Rows } from './decoded.ts'

export const boundsChecker: MakeChecker = (scene): Checker => {
  let ticks = 0
  /** Nodes that wrote when all rested: a record of comparisons may be on its way, once. */
  const writing = new Map<NodeId, Micros>()
  const look = () => {
    for (const { id, process, disk } of scene.context.machines.values()) {
      const past = hintBytesPast(disk.rows, scene.context.options.hintBytesMax)
      if (past > 0) scene.fail('I14', undefined, `${id} has hints ${past} bytes past its bound`)
      const view = process?.replica.observe()
      if (view === undefined || process === undefined) continue
      if (view.pendingBytes > pendingMax) {
        scene.fail('I14', undefined, `${view.pendingBytes} bytes wait for the disk of ${id}`)
      }
      const { holdings } = process.replica
      if (holdings.total > holdings.max) {
        scene.fail('I14', undefined, `${id} holds ${holdings.total} bytes for clients`)
      }
      const { owedPuts } = scene.context.options
      if (owedPuts !== undefined && view.owed > owedPuts) {
        scene.fail('I14', undefined, `${id} owes hints of ${view.owed} puts`)
      }
      const asked = scene.history.calls.length
      if (view.coordinating > asked * sendsMax || process.callers > asked * sendsMax) {
        scene.fail('I14', undefined, `${id} holds ${view.coordinating} requests for ${asked} calls`)
      }
    }
  }
  return {
    name: 'I14',
    onNotice: notice => {
      // Whoever hears of a new start notes it down.
      if (notice.type === 'started') writing.clear()
      if (notice.type !== 'input' || notice.input.type !== 'tick') return
      if (++ticks % 100 === 0) look()
      const since = writing.get(notice.node)
      const { now } = scene.context.events
      if (since === undefined) return
      const bytes = scene.context.machines.get(notice.node)?.process?.replica.observe().pendingBytes
      // Rounds write now and then, also at rest: what was there then is gone once nothing is left.
      if (bytes === undefined || bytes === 0) return void writing.delete(notice.node)
      if (now < since + commitMicros) return
      writing.delete(notice.node)
      scene.fail('I14', undefined, `${notice.node} has ${bytes} bytes for its disk at rest`)
    },
    atRest: () => {
      for (const { id, process } of scene.context.machines.values()) {
        const view = process?.replica.observe()
        if (view === undefined || process === undefined) continue
        if (view.pendingBytes > 0) writing.set(id, scene.context.events.now)
        const left = [
          [view.coordinating, 'requests in its table'],
          [view.owed, 'puts of which a hint is owed'],
          [process.callers, 'callers without an answer'],
          [view.heldBytes, 'bytes that it holds for clients'],
        ] as const
        for (const [count, what] of left) {
          if (count > 0) scene.fail('I14', undefined, `${id} has ${count} ${what} at rest`)
        }
      }
      for (const { id, inFlight } of scene.clients) {
        if (inFlight > 0) scene.fail('I14', undefined, `${id} has ${inFlight} calls at rest`)
      }
    },
  }
}

/** A commit is over by then. */
const commitMicros = 200_000
/** Far above what a few clients with small values can have under way. */
const pendingMax = 16 * 1024 * 1024
/** A call is sent to each node at most a few times, and forwarded by each. */
const sendsMax = 32
/**
 * How far the hints on a disk pass what a node takes: the one that came last may, since what it
 * will be (with its siblings) is known only once it is made.
 */
function hintBytesPast(rows: Rows, bytesMax: number | undefined): number {
  if (bytesMax === undefined) return 0
  let [sum, largest] = [0, 0]
  for (const [row, value] of rows) {
    if (!isHint(row)) continue
    const size = row.length + value.length
    sum += size
    largest = Math.max(largest, size)
  }
  return sum - largest - bytesMax
}
