/**
 * E1: an exchange trades nothing that is merely on its way. What a key was first given within the
 * last seconds is no difference, whoever has heard of it; told from the workload's own clock.
 * Where clocks are wrong a comparison cannot know, and may trade in vain.
 */
import type { Key } from '../../core/ids.ts'
import type { Micros } from '../events.ts'
import { exchangeTimingOf } from '../homes.ts'
import type { Checker, MakeChecker } from './checker.ts'

export const inFlightChecker: MakeChecker = (scene): Checker => {
  const first = new Map<Key, Micros>()
  const { cutAgeMs } = exchangeTimingOf(scene.context.options)
  const youngMicros = (cutAgeMs - clocksApartMs) * 1000
  return {
    name: 'E1',
    onNotice: notice => {
      const { now } = scene.context.events
      if (notice.type === 'sent') {
        const { key } = notice.write
        if (!first.has(key)) first.set(key, now)
      }
      const { faults } = scene.context.options
      if (faults.clock !== undefined || faults['clock-step'] !== undefined) return
      if (notice.type !== 'effect' || notice.effect.type !== 'send') return
      const { message, to } = notice.effect
      const keys =
        message.type === 'differ'
          ? message.held
          : message.type === 'differing'
            ? message.copies
            : []
      for (const { key } of keys) {
        const age = now - (first.get(key) ?? 0)
        if (age >= youngMicros) continue
        const ms = Math.floor(age / 1000)
        scene.fail('E1', key, `${notice.node} trades a key of ${ms} ms with ${to}`)
      }
    },
  }
}

/** A cut is that much older than it should be, at most: clocks are some tens of milliseconds apart. */
const clocksApartMs = 500
