import fc from 'fast-check'
import t from 'tap'
import { costOf, type DiskSpace, type Purpose, Room } from '../../src/core/room.ts'

const MIB = 2 ** 20
type Space = { readonly room: number; readonly fresh?: number; readonly reserve: number }

function spaceOf(room: number, reserve: number, fresh = room): DiskSpace {
  return { fresh, inside: room - fresh, reserve }
}

/** A room of which the test says what was written. */
function roomOf({ room: all, fresh = all, reserve }: Space) {
  const written = { cost: 0, settledCost: 0, long: 0, settledLong: 0, settled: 0, bytes: 0 }
  const room = new Room(written)
  room.observe(spaceOf(all, reserve, fresh))
  return { room, written }
}

t.test('before the first look everything is taken', async t => {
  const room = new Room({ cost: 0, settledCost: 0, long: 0, settledLong: 0, settled: 0, bytes: 0 })
  t.equal(room.full, false)
  t.equal(room.takes('grow', 8 * MIB), true)
  t.equal(room.wantsLook, false)
})

t.test('below the reserve nothing grows; repair has half of it, deletes the rest', async t => {
  const takes = (room: number, purpose: Purpose) =>
    roomOf({ room, reserve: 100 * MIB }).room.takes(purpose, 100)
  t.equal(takes(101 * MIB, 'grow'), true)
  t.equal(takes(100 * MIB, 'grow'), false)
  t.equal(takes(51 * MIB, 'repair'), true)
  t.equal(takes(50 * MIB, 'repair'), false)
  t.equal(takes(MIB, 'shrink'), true)
  t.equal(takes(MIB / 2, 'shrink'), false, 'what the node writes of its own accord needs some, too')
  t.equal(roomOf({ room: 10, reserve: 1 }).room.takes('shrink', 1), false)
})

t.test('what is written between two looks is never more than the room above the mark', async t => {
  const row = fc.record({
    purpose: fc.constantFrom<Purpose>('grow', 'repair', 'shrink'),
    bytes: fc.nat(300_000),
  })
  const property = fc.property(
    fc.nat(20 * MIB),
    fc.integer({ min: 1, max: 10 * MIB }),
    fc.array(row, { maxLength: 300 }),
    (space, reserve, rows) => {
      const { room, written } = roomOf({ room: space, reserve })
      const floor = { grow: reserve, repair: reserve / 2, shrink: Math.min(reserve / 2, MIB / 2) }
      return rows.every(({ purpose, bytes }) => {
        if (!room.takes(purpose, bytes)) return true
        written.cost += costOf(bytes)
        return space - written.cost >= floor[purpose]
      })
    },
  )
  t.equal(fc.check(property).failed, false)
})

t.test('it is behind once 128 MiB wait for the disk', async t => {
  const { room, written } = roomOf({ room: 1000 * MIB, reserve: MIB })
  written.bytes = 128 * MIB
  t.equal(room.behind, false)
  written.bytes++
  t.equal(room.behind, true)
})

t.test('what was not durable at a look is not in what the host saw', async t => {
  const { room, written } = roomOf({ room: 10 * MIB, reserve: MIB })
  written.cost = 6 * MIB
  written.settledCost = 2 * MIB
  room.observe(spaceOf(38 * MIB, MIB))
  t.equal(room.takes('shrink', 32 * MIB), true, '38 less 4 that are on their way, less the reserve')
  t.equal(room.takes('shrink', 34 * MIB), false)
})

t.test('seven others on the same disk may have taken as much since the last look', async t => {
  const { room, written } = roomOf({ room: 38 * MIB, reserve: MIB })
  written.cost = 4 * MIB
  t.equal(room.takes('grow', 4.9 * MIB), true)
  t.equal(room.takes('grow', 5 * MIB), false)
  const within = roomOf({ room: 38 * MIB, fresh: MIB, reserve: MIB })
  within.written.cost = 30 * MIB
  t.equal(within.room.takes('grow', 1000), true, 'what is within the file is nobody else’s')
})

t.test('it is full at the mark, and free again only a little above it', async t => {
  const { room } = roomOf({ room: 99, reserve: 100 })
  t.equal(room.full, true)
  room.observe(spaceOf(104, 100))
  t.equal(room.full, true)
  room.observe(spaceOf(105, 100))
  t.equal(room.full, false)
})

t.test('a value of several pages needs room side by side', async t => {
  const { room } = roomOf({ room: 50 * MIB, fresh: 0, reserve: 10 * MIB })
  t.equal(room.takes('grow', 1000), true, 'a page within the file will do')
  t.equal(room.takes('grow', 5 * MIB), true, 'of so much some lies together')
  t.equal(room.takes('grow', 7 * MIB), false)
  const beside = roomOf({ room: 50 * MIB, fresh: 8 * MIB, reserve: 10 * MIB })
  t.equal(beside.room.takes('grow', 7 * MIB), true, 'the disk itself has it')
})

t.test('it wants to be looked at once a part of what is above the mark was taken', async t => {
  const { room, written } = roomOf({ room: 10 * MIB, reserve: 2 * MIB })
  written.cost = MIB / 2
  t.equal(room.wantsLook, false)
  written.cost += 1
  t.equal(room.wantsLook, true)
  room.observe(spaceOf(10 * MIB, 2 * MIB))
  t.equal(room.takes('grow', 9 * MIB), false)
  t.equal(room.wantsLook, true, 'something was refused for what may be room again')
})
