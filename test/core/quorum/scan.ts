import t from 'tap'
import type { Instant, Key, NodeId, Token } from '../../../src/core/ids.ts'
import type { KeysListed, ListedKey } from '../../../src/core/message.ts'
import { ScanTally } from '../../../src/core/quorum/scan.ts'

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

function row(place: string, live = true): ListedKey {
  return { token: place.padEnd(8, '\0') as Token, key: place as Key, live }
}

function listed(rows: readonly ListedKey[], upTo?: string): KeysListed {
  return { type: 'listed', id: 1, rows, upTo, refused: undefined }
}

function tallyOf(limit: number, needed = 2): ScanTally {
  return new ScanTally([a, b, c], { after: '', limit }, ring, needed, deadline)
}

t.test('the union of what is live, in token order', async t => {
  const tally = tallyOf(10)
  tally.listed(a, listed([row('k1'), row('k3')]))
  tally.listed(b, listed([row('k2'), row('k3'), row('k4', false)]))
  t.same(tally.lost(c), { type: 'done', keys: ['k1', 'k2', 'k3'], cursor: undefined })
})

t.test('a page ends where the shortest list ends', async t => {
  const tally = tallyOf(10)
  const end = row('k2').token + row('k2').key
  tally.listed(a, listed([row('k1'), row('k2')], end))
  tally.listed(b, listed([row('k1'), row('k2'), row('k3')]))
  t.same(tally.lost(c), { type: 'done', keys: ['k1', 'k2'], cursor: end })
})

t.test('a page holds at most its limit and goes on behind its last key', async t => {
  const tally = tallyOf(2)
  const rows = [row('k1'), row('k2'), row('k3')]
  tally.listed(a, listed(rows))
  tally.listed(b, listed(rows))
  const step = tally.listed(c, listed(rows))
  t.same(step, { type: 'done', keys: ['k1', 'k2'], cursor: `${row('k2').token}k2` })
})

t.test('fewer than R lists of a partition: no page', async t => {
  const tally = tallyOf(10)
  tally.listed(a, listed([row('k1')]))
  tally.lost(b)
  t.equal(tally.lost(c)?.type, 'failed')
})

t.test('who is late is taken as silent', async t => {
  const tally = tallyOf(10)
  tally.listed(a, listed([row('k1')]))
  tally.listed(b, listed([row('k1')]))
  t.equal(tally.tick(99 as Instant), undefined)
  t.same(tally.tick(deadline), { type: 'done', keys: ['k1'], cursor: undefined })
  t.equal(tally.listed(c, listed([])), undefined)
})
