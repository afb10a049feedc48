import fc from 'fast-check'
import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { decodeMember, encodeMember } from '../../../src/core/membership/member-row.ts'
import { nodeHash } from '../../helpers/hash.ts'
import { entryOf } from '../../helpers/members.ts'

const id = 'n1' as NodeId

t.test('every row comes back as it was', async t => {
  const optional = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined })
  const row = fc.record({
    entry: fc.record({
      id: fc.constant(id),
      removed: fc.boolean(),
      version: fc.nat(),
      weight: fc.integer({ min: 1, max: 4096 }).map(units => units / 64),
      zone: fc.string({ unit: 'binary-ascii', maxLength: 20 }),
      key: optional,
      statement: optional,
    }),
    host: fc.string({ unit: 'binary-ascii', maxLength: 20 }),
    port: fc.nat(65_535),
    incarnation: fc.nat(),
  })
  fc.assert(
    fc.property(row, one => t.same(decodeMember(nodeHash, id, encodeMember(nodeHash, one)), one)),
  )
})

t.test('a row with one byte changed, or of another member, is damaged', async t => {
  const bytes = encodeMember(nodeHash, {
    entry: entryOf('n1', { zone: 'z', key: Uint8Array.of(1, 2) }),
    host: '127.0.0.1',
    port: 4701,
    incarnation: 3,
  })
  t.equal(decodeMember(nodeHash, 'n2' as NodeId, bytes), undefined)
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes)
    changed[at]! ^= 1
    t.equal(decodeMember(nodeHash, id, changed), undefined)
    t.equal(decodeMember(nodeHash, id, bytes.subarray(0, at)), undefined)
  }
})
