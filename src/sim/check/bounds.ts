/** I14: tables and queues are within their bounds at all times, and empty at rest. */
import type { Checker, MakeChecker } from './checker.ts'

export const boundsChecker: MakeChecker = (scene): Checker => {
  let ticks = 0
  const look = () => {
    for (const { id, process } of scene.context.machines.values()) {
      const view = process?.replica.observe()
      if (view === undefined || process === undefined) continue
      if (view.pendingBytes > pendingMax) {
        scene.fail('I14', undefined, `${view.pendingBytes} bytes wait for the disk of ${id}`)
      }
      const { hintBytesMax } = scene.context.options
      if (hintBytesMax !== undefined && view.hintBytes > hintBytesMax + largestHint) {
        scene.fail('I14', undefined, `${id} keeps ${view.hintBytes} bytes of hints`)
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
      if (notice.type === 'input' && notice.input.type === 'tick' && ++ticks % 100 === 0) look()
    },
    atRest: () => {
      for (const { id, process } of scene.context.machines.values()) {
        const view = process?.replica.observe()
        if (view === undefined || process === undefined) continue
        const left = [
          [view.coordinating, 'requests in its table'],
          [view.pendingBytes, 'bytes for its disk'],
          [process.callers, 'callers without an answer'],
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

/** Far above what a few clients with small values can have under way. */
const pendingMax = 16 * 1024 * 1024
/** A call is sent to each node at most a few times, and forwarded by each. */
const sendsMax = 32
/**
 * What was admitted while there was room may pass it: a put beside siblings, each with a value
 * of 3,000 bytes at most.
 */
const largestHint = 64 * 3200
