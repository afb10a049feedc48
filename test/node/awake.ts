import t from 'tap'
import type { Instant } from '../../src/core/ids.ts'
import { afterAwake, type LoopClock, SleepWatch } from '../../src/node/awake.ts'

/** A clock that the test moves; ticks that are due come once, as they do after a SIGSTOP. */
function clockOf() {
  let now = 0
  let due = 0
  let every = 0
  let tick: (() => void) | undefined
  const clock: LoopClock = {
    now: () => now,
    every: (ms, call) => {
      due = now + ms
      every = ms
      tick = call
      return () => {
        tick = undefined
      }
    },
  }
  const pass = (ms: number) => {
    now += ms
    if (now < due) return
    due = now + every
    tick?.()
  }
  return { clock, pass, isOn: () => tick !== undefined }
}

t.test('a wait ends on time while the process runs', async t => {
  const { clock, pass, isOn } = clockOf()
  let late = 0
  afterAwake(30_000, () => late++, clock)
  for (let i = 0; i < 29; i++) pass(1000)
  t.equal(late, 0)
  pass(1000)
  t.equal(late, 1)
  t.equal(isOn(), false)
})

t.test('the time in which the process was stopped does not count', async t => {
  const { clock, pass } = clockOf()
  let late = 0
  afterAwake(30_000, () => late++, clock)
  for (let i = 0; i < 5; i++) pass(31_000)
  t.equal(late, 0, 'five times asleep for 31 s')
  for (let i = 0; i < 20; i++) pass(1000)
  t.equal(late, 1, 'and then awake for 20')
})

t.test('it can be called off', async t => {
  const { clock, pass, isOn } = clockOf()
  afterAwake(1000, () => t.fail('it was called off'), clock)()
  for (let i = 0; i < 100; i++) pass(1000)
  t.equal(isOn(), false)
})

t.test('a process that was stopped is told from one whose step was long', async t => {
  let cpuMs = 0
  const watch = new SleepWatch(() => cpuMs)
  const at = (ms: number) => ms as Instant
  t.equal(watch.slept(at(0)), false)
  watch.ended(at(10))
  t.equal(watch.slept(at(3000)), false, 'a pause of a machine that has other work')
  t.equal(watch.slept(at(4000)), true)
  watch.ended(at(4000))
  t.equal(watch.slept(at(4001)), false)
  watch.ended(at(9000))
  t.equal(watch.slept(at(9001)), false, 'the step itself took five seconds')
  cpuMs += 4500
  t.equal(watch.slept(at(14_000)), false, 'a collector of garbage ran for as long')
  cpuMs += 100
  watch.ended(at(14_000))
  t.equal(watch.slept(at(19_000)), true)
})
