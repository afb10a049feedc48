import fc from 'fast-check'
import t from 'tap'
import { hexOf } from '../../../src/core/binary.ts'
import type { NodeId } from '../../../src/core/ids.ts'
import type { ViewEntry } from '../../../src/core/membership/view.ts'
import { epochOf } from '../../../src/core/ring/epoch.ts'
import { nodeHash } from '../../helpers/hash.ts'

const record = (id: string, more: Partial<ViewEntry> = {}): ViewEntry => ({
  id: id as NodeId,
  removed: false,
  version: 1,
  weight: 1,
  zone: '',
  key: undefined,
  statement: undefined,
  ...more,
})
const epoch = (...members: ViewEntry[]) => hexOf(epochOf(nodeHash, members))

t.test('golden vectors: nodes of all releases of ring version 1 agree on these', async t => {
  t.equal(epoch(record('n1'), record('n2'), record('n3')), '35e16ef5c3042220')
  const all = {
    weight: 0.5,
    zone: 'zürich',
    key: Uint8Array.of(0, 255),
    statement: Uint8Array.of(),
  }
  t.equal(epoch(record('n1', all)), '352b6b3343092707')
})

t.test('an epoch is 8 bytes and independent of the order of listing', async t => {
  t.equal(epoch(record('n1'), record('n2')).length, 16)
  t.equal(epoch(record('n1'), record('n2')), epoch(record('n2'), record('n1')))
})

t.test('every field of every entry counts, the reserved ones too', async t => {
  const changes: Partial<ViewEntry>[] = [
    {},
    { id: 'n3' as NodeId },
    { removed: true },
    { version: 2 },
    { weight: 2 },
    { zone: 'a' },
    { zone: '\u0161' },
    { key: Uint8Array.of() },
    { key: Uint8Array.of(0) },
    { statement: Uint8Array.of() },
    { statement: Uint8Array.of(0) },
  ]
  const epochs = changes.map(change => epoch(record('n1'), record('n2', change)))
  t.equal(new Set([...epochs, epoch(record('n1')), epoch()]).size, changes.length + 2)
})

t.test('no two views are encoded alike: a field cannot run into its neighbour', async t => {
  const any = fc.record({
    id: fc.constantFrom('n', 'n1', 'n11').map(id => id as NodeId),
    removed: fc.boolean(),
    version: fc.integer({ min: 1, max: 3 }),
    weight: fc.integer({ min: 1, max: 2 }),
    zone: fc.constantFrom('', '1', '11'),
    key: fc.option(fc.uint8Array({ maxLength: 2, max: 1 }), { nil: undefined }),
    statement: fc.option(fc.uint8Array({ maxLength: 2, max: 1 }), { nil: undefined }),
  })
  const text = (one: ViewEntry) =>
    JSON.stringify(one, (_, value) => (value instanceof Uint8Array ? [...value] : value))
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(any, one => {
      const found = epoch(one)
      t.equal(seen.get(found) ?? text(one), text(one))
      seen.set(found, text(one))
    }),
    { numRuns: 500 },
  )
})
