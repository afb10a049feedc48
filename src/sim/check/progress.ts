/**
 * I15: every call ends by its deadline, and once the world has healed every call succeeds:
 * a store that refuses everything would pass all other checks. So it does where nothing is wrong but
 * the clocks, however wrong they are. A call may be refused for the size of what it finds or makes.
 */
import { opsKept } from '../../core/causality/siblings.ts'
import type { Call, History } from '../history.ts'
import type { Checker, MakeChecker } from './checker.ts'
import { mayBeTooLarge } from './travel.ts'

export const progressChecker: MakeChecker = (scene): Checker => {
  const kinds = Object.keys(scene.context.options.faults)
  const onlyClocks = kinds.length > 0 && kinds.every(kind => kind === 'clock-step')
  const { hintBytesMax } = scene.context.options
  return {
    name: 'I15',
    onNotice: notice => {
      if (notice.type !== 'settled') return
      const { call } = notice
      const tookMs = ((call.settledAt ?? 0) - call.at) / 1000
      const what = nameOf(call)
      if (tookMs > call.timeoutMs + graceMs) {
        scene.fail('I15', call.key, `${what} had ${call.timeoutMs} ms and took ${tookMs}`)
      }
      if (call.result?.type !== 'failed') return
      const { code, message } = call.result.failure
      if (code === 'RETRY_EXPIRED' && isBelowFullList(scene.history, call)) return
      if (code === 'TIMEOUT' && isAheadOfClocks(kinds, message)) return
      const isForSize = code === 'TOO_LARGE' || code === 'SIBLING_LIMIT'
      if (isForSize && mayBeTooLarge(scene, call)) return
      // A node that stays dead fills what there may be of hints for it.
      const hintsFull = code === 'STORE_FULL' && hintBytesMax !== undefined && scene.dead.size > 0
      if (call.phase !== 'faults') {
        scene.fail('I15', call.key, `${what} failed though all had healed: ${code}, ${message}`)
      } else if (onlyClocks && !hintsFull && isUsual(call)) {
        scene.fail('I15', call.key, `${what} failed since clocks were wrong: ${code}, ${message}`)
      }
    },
    atRest: () => {
      const open = scene.history.calls.find(call => call.settledAt === undefined)
      if (open !== undefined) scene.fail('I15', open.key, `${nameOf(open)} never ended`)
    },
  }
}

/** It can be served by what runs, and has the time for it. */
function isUsual({ spoiled, abandoned, timeoutMs, at }: Call): boolean {
  return !spoiled && !abandoned && timeoutMs >= 1000 && at >= startedMicros
}

/**
 * Was the key written often enough under higher ids (a clock ran ahead) that nobody can know
 * whether the first try took effect? Then `unknown` is the exact answer (design §2).
 */
function isBelowFullList(history: History, { write }: Call): boolean {
  return write !== undefined && history.countAbove(write) >= opsKept
}

/**
 * Clocks went back by a day behind a first send that may have taken effect: its id stays, all refuse
 * it, and `unknown` is the exact answer (docs/causality.md).
 */
function isAheadOfClocks(kinds: readonly string[], message: string): boolean {
  return kinds.includes('clock-step') && message.endsWith('behind this operation id')
}

function nameOf({ client, kind, key, write, via }: Call): string {
  const what = write === undefined ? `get of ${key}` : `${kind} ${write.id}`
  return `${client}'s ${what}${via === undefined ? '' : ` at ${via}`}`
}

/** A client looks at its clock every 20 ms. */
const graceMs = 50

/** When every node of a world runs and has heard of the others. */
const startedMicros = 3_000_000
