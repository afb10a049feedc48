import t from 'tap'
import { lowBits } from '../../../src/core/entropy/clocks.ts'
import { PeerClocks } from '../../../src/core/entropy/peer-clocks.ts'
import type { Instant } from '../../../src/core/ids.ts'
import { node } from '../../helpers/session-world.ts'

const at = (ms: number) => ms as Instant
const wall = 1_800_000_000_000
const hourMs = 3_600_000

function heard(...aheadHours: readonly number[]): PeerClocks {
  const clocks = new PeerClocks()
  for (const [i, hours] of aheadHours.entries()) {
    clocks.heard(node(`n${i + 2}`), lowBits(wall + hours * hourMs), wall, at(100))
  }
  return clocks
}

t.test('a comparison goes by the earlier clock, as both go on', async t => {
  const clocks = heard(-2, 3)
  t.equal(clocks.earlier(node('n2'), wall + 50, at(150)), wall + 50 - 2 * hourMs)
  t.equal(clocks.earlier(node('n3'), wall + 50, at(150)), wall + 50)
  t.equal(clocks.earlier(node('n9'), wall, at(100)), wall, 'who has told nothing')
})

t.test('a step of our own clock is no step of theirs', async t => {
  const clocks = heard(0)
  t.equal(clocks.earlier(node('n2'), wall + 30 * hourMs, at(100)), wall)
  t.equal(clocks.aheadMs(wall + 30 * hourMs, at(100)), 30 * hourMs)
})

t.test('one wrong clock among three or more is named by nobody but its own node', async t => {
  t.equal(new PeerClocks().aheadMs(wall, at(100)), undefined)
  t.equal(heard(0, 25).aheadMs(wall, at(100)), 0)
  t.equal(heard(25, 25).aheadMs(wall, at(100)), -25 * hourMs)
  t.equal(heard(0, 0, 25, 25).aheadMs(wall, at(100)), 0)
  t.equal(heard(25, 25, 25, 0).aheadMs(wall, at(100)), -25 * hourMs)
})
