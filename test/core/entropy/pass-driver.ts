import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { Pass } from '../../../src/core/entropy/pass.ts'
import { PassDriver, type PassEnd } from '../../../src/core/entropy/pass-driver.ts'
import { Responder } from '../../../src/core/entropy/responder.ts'
import { sharedOf } from '../../../src/core/entropy/shared.ts'
import { Pace } from '../../../src/core/handoff/pace.ts'
import type { Instant } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { nothingDone } from '../../../src/core/outcome.ts'
import { Requests } from '../../../src/core/requests.ts'
import type { Effect } from '../../../src/core/step.ts'
import { putOn, Side } from '../../helpers/exchange-pair.ts'

const one = putOn(noSiblings, 'a', 'value one')
const wall = 1_800_000_000_000

/** n1 drives a pass with n2, which lacks so many of 20 keys, or more. */
function drive(behind: number, until?: number) {
  const [a, b] = [new Side('n1'), new Side('n2')]
  for (const side of [a, b]) side.start()
  for (let i = 0; i < Math.max(20, behind); i++) {
    a.load(`key ${i}`, one)
    if (i >= behind) b.load(`key ${i}`, one)
  }
  for (const side of [a, b]) side.start()
  const requests = new Requests(7)
  let pendingBytes = 0
  const parts = { ...a.parts, requests, pendingBytes: () => pendingBytes }
  const shared = sharedOf(a.placement.ring, a.placement.self, b.placement.self)
  const pass = new Pass(parts, { shared, wall, from: 0, waited: new Set<string>() }, a.now)
  const ends: PassEnd[] = []
  let number = 0
  const driver = new PassDriver(parts, {
    node: b.placement.self,
    pass,
    pace: new Pace(),
    nextId: () => ++number,
    until: until === undefined ? undefined : ((a.now + until) as Instant),
    ended: end => ends.push(end),
  })
  const responder = new Responder(b.parts)
  const out: Effect[] = []
  const sent = () => {
    const effect = out.shift()
    return effect?.type === 'send' ? effect.message : undefined
  }
  const answer = (asked: PeerMessage) => {
    const clocks = { now: b.now, wall, settled: true }
    if (asked.type === 'compare') return responder.compare(a.placement.self, asked, clocks, 0)
    if (asked.type === 'sketch') return responder.sketch(a.placement.self, asked, clocks, 0)
    if (asked.type === 'differ') return responder.differ(a.placement.self, asked, clocks, 0)
    throw new Error(`not a question: ${asked.type}`)
  }
  const go = (ms: number) => driver.go((a.now + ms) as Instant, out)
  const busy = () => {
    pendingBytes = 2 ** 30
  }
  return { a, driver, pass, ends, out, sent, answer, go, busy, requests }
}

function handedBut(id: number, left: readonly number[]) {
  const outcome = nothingDone(0)
  const failure = { code: 'STORE_FULL', message: 'no', outcome } as const
  const refused = left.length === 0 ? undefined : failure
  return { type: 'handed', id, whole: true, foreground: 0, refused, left } as const
}

t.test('one question at a time, then the copies that were asked for, then it ends', async t => {
  const { a, driver, pass, ends, out, sent, answer, go, requests } = drive(5)
  go(0)
  go(1)
  t.equal(out.length, 1)
  for (let message = sent(); message !== undefined; message = sent()) {
    t.same(ends, [])
    if (message.type === 'handoff') {
      t.equal(message.copies.length, 5)
      t.equal(pass.repaired, 0, 'what was sent has not moved yet')
      requests.answered('n2' as never, handedBut(message.id, []), a.now, out)
      continue
    }
    const told = answer(message)
    t.ok(driver.waitsFor(told.id))
    driver.answered(told, a.now, out)
    t.notOk(driver.waitsFor(told.id), 'an answer is heard once')
  }
  t.same([ends, pass.repaired, driver.heard], [['ended'], 5, true])
  t.ok(driver.bytes > 64)
})

t.test('what the other side refuses has not moved', async t => {
  for (const left of [[0], [0, 2, 4], [0, 1, 2, 3, 4]]) {
    const { a, driver, pass, ends, out, sent, answer, go, requests } = drive(5)
    go(0)
    for (let message = sent(); message !== undefined; message = sent()) {
      if (message.type === 'handoff') {
        requests.answered('n2' as never, handedBut(message.id, left), a.now, out)
      } else driver.answered(answer(message), a.now, out)
    }
    const moved = 5 - left.length
    t.same([ends, pass.repaired], [['ended'], moved])
    t.equal(
      [...pass.moved.values()].reduce((sum, one) => sum + one, 0),
      moved,
    )
    t.equal(pass.stuck, left.length > moved, 'it is stuck if more is refused than taken')
    t.ok(pass.unequal.size > 0)
  }
})

t.test('a member that refuses everything is offered some, and the rest later', async t => {
  for (const [until, least, most] of [
    [60_000, 256, 900],
    [undefined, 2000, 2000],
  ] as const) {
    const { a, ends, out, sent, answer, go, requests, driver } = drive(2000, until)
    let offered = 0
    go(0)
    for (let message = sent(); message !== undefined; message = sent()) {
      if (message.type === 'handoff') {
        offered += message.copies.length
        const left = message.copies.map((_, i) => i)
        requests.answered('n2' as never, handedBut(message.id, left), a.now, out)
      } else driver.answered(answer(message), a.now, out)
    }
    t.same(ends, [until === undefined ? 'ended' : 'late'])
    t.ok(offered >= least && offered <= most, `${offered} were offered`)
  }
})

t.test('no answer, a bad one, no time left, a disk that is behind', async t => {
  const silent = drive(5)
  silent.go(0)
  silent.go(5000)
  t.same(silent.ends, [])
  silent.go(5001)
  silent.go(5002)
  t.same(silent.ends, ['failed'])
  const refused = drive(5)
  refused.go(0)
  const asked = refused.sent()!
  const told = { ...refused.answer(asked), state: 'not-ready' } as const
  refused.driver.answered(told, refused.a.now, refused.out)
  t.same([refused.ends, refused.driver.heard], [['failed'], false])
  const late = drive(5, 100)
  late.go(101)
  t.same([late.ends, late.out.length], [['late'], 0])
  const busy = drive(5)
  busy.busy()
  busy.go(0)
  t.same([busy.ends, busy.out.length], [[], 0])
})
