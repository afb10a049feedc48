import t from 'tap'
import { LateRoom } from '../../../src/core/quorum/late-room.ts'

t.test('it has a bound, and what is given back can be taken again', async t => {
  const room = new LateRoom(10)
  t.ok(room.take(6))
  t.notOk(room.take(5))
  t.ok(room.take(4))
  t.notOk(room.take(1))
  room.give(4)
  t.ok(room.take(4))
})
