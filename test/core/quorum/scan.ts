import fc from 'fast-check'
import t from 'tap'
import { encodeObject } from '../../../src/core/causality/object.ts'
import { noSiblings, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Instant, Key, NodeId, Partition, Token } from '../../../src/core/ids.ts'
import type { KeysListed, ListedKey } from '../../../src/core/listing-message.ts'
import { ScanTally } from '../../../src/core/quorum/scan.ts'
import { putOn } from '../../helpers/exchange-pair.ts'

const [a, b, c] = ['a', 'b', 'c'] as NodeId[] as [NodeId, NodeId, NodeId]
const ring = {
  partitions: 2,
  lists: [
    [a, b, c],
    [a, b, c],
  ],
  fallbacks: [[], []],
}
const deadline = 100 as Instant
const base = putOn(noSiblings, 'w', 'v')

function rowOf(place: string, siblings: Siblings | undefined): ListedKey {
  const live = siblings?.versions.some(({ tombstone }) => !tombstone) === true
  const object = siblings && encodeObject(siblings)
  return { token: place.padEnd(8, '\0') as Token, key: place as Key, live, object }
}

const row = (place: string) => rowOf(place, base)
/** Deleted by who had seen it. */
function dead(place: string, seen = base): ListedKey {
  const { vector, versions, ops, pins } = putOn(seen, 'x', '')
  const [version] = versions
  const empty = new Uint8Array(0)
  if (version === undefined) throw new Error('nothing was put')
  const tombstones = [{ ...version, tombstone: true, value: empty, checksum: 0 }]
  return rowOf(place, { vector, versions: tombstones, ops, pins })
}

function listed(rows: readonly ListedKey[], upTo?: string, counts = 0b11): KeysListed {
  const told = { rows, upTo, counts: Uint8Array.of(counts) }
  return { type: 'listed', id: 1, ...told, refused: undefined }
}

type Page = { readonly limit?: number; readonly partial?: boolean; readonly last?: number }
function tallyOf({ limit = 10, partial = false, last = 1 }: Page = {}): ScanTally {
  const page = { after: '', last: last as Partition, limit, partial }
  return new ScanTally([a, b, c], page, { ring, needed: 2, deadline })
}
const page = (keys: readonly string[], cursor?: string) => ({
  type: 'done',
  keys,
  cursor,
  missing: undefined,
})

t.test('the union of what is live, in token order, as soon as R have listed it', async t => {
  const tally = tallyOf()
  t.equal(tally.listed(a, listed([row('k1'), row('k3')])), undefined)
  const step = tally.listed(b, listed([row('k2'), row('k3'), dead('k4')]))
  t.same(step, page(['k1', 'k2', 'k3']))
  t.equal(tally.listed(c, listed([row('k9')])), undefined, 'what comes later changes nothing')
  t.equal(tally.tick(deadline), undefined)
})

t.test('what one replica holds and another one saw deleted is not there', async t => {
  const tally = tallyOf()
  tally.listed(a, listed([row('k1'), row('k2')]))
  t.same(
    tally.listed(b, listed([dead('k1'), dead('k2', noSiblings)])),
    page(['k2']),
    'a sibling is',
  )
})

t.test('a page ends where the shortest list ends', async t => {
  const tally = tallyOf()
  const end = row('k2').token + row('k2').key
  tally.listed(a, listed([row('k1'), row('k2')], end))
  t.same(tally.listed(b, listed([row('k1'), row('k2'), row('k3')])), page(['k1', 'k2'], end))
})

t.test('a page holds at most its limit and goes on behind its last key', async t => {
  const tally = tallyOf({ limit: 2 })
  const rows = [row('k1'), row('k2'), row('k3')]
  tally.listed(a, listed(rows))
  t.same(tally.listed(b, listed(rows)), page(['k1', 'k2'], `${row('k2').token}k2`))
})

t.test('where other partitions follow, the next page begins with them', async t => {
  const tally = tallyOf({ last: 0 })
  tally.listed(a, listed([], undefined, 0b1))
  t.same(tally.listed(b, listed([], undefined, 0b1)), page([], '\x80'.padEnd(8, '\0')))
})

t.test('fewer than R whole lists of a partition: no page, and it says of whom', async t => {
  const tally = tallyOf()
  tally.listed(a, listed([row('k1')]))
  tally.listed(b, listed([row('k1')], undefined, 0b01))
  const step = tally.lost(c)
  if (step?.type !== 'failed') throw new Error('a page')
  t.match(step.failure, { code: 'QUORUM' })
  t.match(step.failure.message, /2 whole replicas of one partition .* from c; not whole yet: b$/)
})

t.test('a partial page is what can be seen, with what is missing', async t => {
  const tally = tallyOf({ partial: true })
  tally.listed(a, listed([row('k1')], undefined, 0b10))
  tally.lost(b)
  const missing = { partitions: 2, first: 0, last: 1, why: 'no answer from b, c; not whole yet: a' }
  t.same(tally.tick(deadline), { ...page(['k1']), missing })
})

t.test('a replica does not count for a partition in which a row is damaged', async t => {
  const tally = tallyOf()
  const damaged = rowOf('k1', undefined)
  tally.listed(a, listed([damaged]))
  t.equal(tally.listed(b, listed([row('k1')])), undefined, 'one more is waited for')
  t.same(tally.listed(c, listed([row('k1')])), page(['k1']))
})

t.test('who is late is taken as silent', async t => {
  const tally = tallyOf()
  tally.listed(a, listed([row('k1')]))
  t.equal(tally.tick(99 as Instant), undefined)
  t.equal(tally.tick(deadline)?.type, 'failed')
  t.equal(tally.listed(c, listed([])), undefined)
})

t.test('a key is there exactly if the merge of what R replicas hold has a value', async () => {
  const held = fc.array(fc.constantFrom('none', 'live', 'dead', 'newer'), {
    minLength: 2,
    maxLength: 2,
  })
  const gone = dead('k')
  const newer = rowOf('k', putOn(putOn(base, 'x', ''), 'y', 'again'))
  const of = { none: [], live: [row('k')], dead: [gone], newer: [newer] }
  fc.assert(
    fc.property(held, states => {
      const tally = tallyOf()
      tally.listed(a, listed(of[states[0] as 'none']))
      const step = tally.listed(b, listed(of[states[1] as 'none']))
      const expected =
        states.includes('newer') || (states.includes('live') && !states.includes('dead'))
      return step?.type === 'done' && (step.keys.length === 1) === expected
    }),
  )
})
