import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { opAheadMsMax } from '../../../src/core/ids.ts'
import type { PutRequest } from '../../../src/core/message.ts'
import { belowFloor, untimely } from '../../../src/core/quorum/put-refusal.ts'
import { opOf } from '../../helpers/session-world.ts'

const wall = 1_800_000_000_000
const put = (op: number, again = false) => ({ op: opOf(op), again }) as PutRequest

t.test('an id is too high more than a day past the clock, whoever sends it', async t => {
  t.equal(untimely(put(wall + opAheadMsMax), noSiblings, wall), undefined)
  const refused = { code: 'OP_AHEAD', time: wall }
  t.match(untimely(put(wall + opAheadMsMax + 1), noSiblings, wall), refused)
  t.match(untimely(put(wall + opAheadMsMax + 1, true), noSiblings, wall), refused)
})

t.test('an id is too low below a full list, and only in a second send', async t => {
  const ops = Array.from({ length: 8 }, (_, i) => opOf(wall + 8 - i))
  const full = { ...noSiblings, ops }
  t.equal(untimely(put(wall), full, wall), undefined)
  t.equal(untimely(put(wall, true), { ...full, ops: ops.slice(1) }, wall), undefined)
  t.equal(untimely(put(wall + 9, true), full, wall), undefined)
  t.match(untimely(put(wall, true), full, wall), { code: 'RETRY_EXPIRED', definite: false })
})

t.test(
  'below the floor: a first send is refused for certain, of a second nobody knows',
  async t => {
    t.same(Object.keys(belowFloor(put(wall), 4)).sort(), ['code', 'floor', 'message'])
    t.match(belowFloor(put(wall), 4), { code: 'BELOW_FLOOR', floor: 4 })
    t.match(belowFloor(put(wall, true), 4), { code: 'RETRY_EXPIRED', definite: false, floor: 4 })
  },
)
