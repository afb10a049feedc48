import fc from 'fast-check'
import t from 'tap'
import { Volume } from '../../src/sim/volume.ts'
import { toldWithKnownBad } from '../helpers/known-bad-process.ts'
import { emptied, MIB, overfills, RoomStore, rowOf } from '../helpers/room-store.ts'

t.test('what finds no room changes nothing, and finds some once others make it', async t => {
  const volume = new Volume(4 * MIB, 3 * MIB)
  t.equal(volume.write([rowOf(1, 800_000)]), true)
  const before = volume.pages
  t.equal(volume.write([rowOf(2, 400_000)]), false)
  t.equal(volume.pages, before)
  volume.others = 0
  t.equal(volume.write([rowOf(2, 400_000)]), true)
  t.ok(volume.disk.free < 3 * MIB)
  t.equal(volume.disk.total, 4 * MIB)
})

t.test('deleting makes room within the file', async t => {
  const volume = new Volume(2 * MIB, 0)
  t.equal(volume.write([rowOf(1, 1.5 * MIB)]), true)
  t.equal(volume.write([rowOf(2, MIB)]), false)
  t.equal(volume.write([rowOf(1, undefined)]), true)
  t.equal(volume.write([rowOf(2, MIB)]), false, 'not for the next commit')
  t.equal(volume.write([]), true)
  t.equal(volume.write([rowOf(2, MIB)]), true)
})

const put = fc.record({
  name: fc.nat(80),
  bytes: fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 3, arbitrary: fc.nat(1500) },
    { weight: 3, arbitrary: fc.nat(600_000) },
  ),
})
const turn = fc.record({
  looks: fc.boolean(),
  puts: fc.array(put, { maxLength: 40, size: 'max' }),
})
/** Whatever is written, and whenever it is looked at. */
const neverEnds = fc.property(
  fc.array(turn, { maxLength: 60, size: 'max' }),
  fc.integer({ min: 10, max: 14 }),
  (turns, mib) => {
    const store = new RoomStore(mib * MIB)
    for (const { looks, puts } of turns) {
      if (looks) store.look()
      for (const { name, bytes } of puts) store.put(name, bytes)
      if (!store.commit()) return false
    }
    return true
  },
)

t.test('what is taken finds its pages', async () => {
  fc.assert(neverEnds, { numRuns: 100, endOnFailure: true })
})

t.test('known-bad 703: what the last commit let go of counts as room', async t => {
  t.equal(overfills(), false)
  const told = await toldWithKnownBad(`
    const { overfills } = await import('./build/test/helpers/room-store.js')
    chooseMutants([703])
    tell(overfills())
  `)
  t.equal(told, true)
})

t.test('after a large delete an empty commit is due, and then there is room', async t => {
  const store = emptied()
  t.equal(store.room.takes('grow', 1_000_000), false, 'what was let go of is not usable yet')
  t.equal(store.room.due, true)
  store.commit()
  store.look()
  t.equal(store.room.takes('grow', 1_000_000), true)
  t.equal(store.room.due, false)
})
