import t from 'tap'
import type { NodeId, StartId, StoreId } from '../../../src/core/ids.ts'
import { lifeRowKey } from '../../../src/core/row-key.ts'
import type { RowKey } from '../../../src/core/step.ts'
import { type Life, Lives } from '../../../src/core/wholeness/lives.ts'
import { nodeHash } from '../../../src/node/hash.ts'

const n2 = 'n2' as NodeId
const lifeOf = (start: string, began: number, commits = began, store = 'a'): Life => ({
  store: store.repeat(8) as StoreId,
  start: start.repeat(8) as StartId,
  began,
  commits,
})
const ofStart = (start: string) => start.repeat(8) as StartId

/** What was heard, as the rows that it is kept in bring it back. */
function kept(lives: Lives): Lives {
  const rows = lives.takeRows()
  return new Lives(nodeHash, { get: () => undefined, range: () => rows })
}

function heard(...all: readonly Life[]): Lives {
  const lives = new Lives(nodeHash, { get: () => undefined, range: () => [] })
  for (const life of all) lives.hear(n2, life)
  return lives
}

t.test('a start that began with all that was heard is no old copy', async t => {
  const lives = heard(lifeOf('x', 3), lifeOf('x', 3, 50), lifeOf('y', 50, 60))
  for (const one of [lives, kept(lives)]) {
    t.equal(one.verdictOn(n2, ofStart('y')), 'no-more')
    t.equal(one.commitsOf(n2), 60)
  }
  t.same(lives.takeRows(), [], 'what is kept is not written again')
  t.equal(lives.verdictOn('n3' as NodeId, ofStart('y')), 'no-more')
})

t.test(
  'one that began below is, whatever it reaches later, and also after our own restart',
  async t => {
    const lives = heard(lifeOf('x', 3, 50), lifeOf('y', 49), lifeOf('y', 49, 70))
    t.equal(lives.verdictOn(n2, ofStart('y')), 'more')
    t.equal(kept(lives).verdictOn(n2, ofStart('y')), 'more')
    const again = kept(heard(lifeOf('x', 3, 50)))
    again.hear(n2, lifeOf('y', 49))
    t.equal(again.verdictOn(n2, ofStart('y')), 'more')
  },
)

t.test('a late message of a process that is gone changes nothing', async t => {
  const lives = heard(lifeOf('x', 3, 50), lifeOf('y', 50, 60))
  t.notOk(lives.hear(n2, lifeOf('x', 3, 51)))
  lives.hear(n2, lifeOf('y', 50, 61))
  t.equal(lives.verdictOn(n2, ofStart('y')), 'no-more')
  t.ok(lives.hear(n2, lifeOf('z', 61)))
  t.equal(lives.verdictOn(n2, ofStart('z')), 'no-more')
})

t.test('another store is told as such, and one that comes back as an old copy', async t => {
  const lives = heard(lifeOf('x', 3, 50, 'a'), lifeOf('y', 0, 5, 'b'))
  t.equal(lives.verdictOn(n2, ofStart('y')), 'another-store')
  t.equal(lives.commitsOf(n2), 5, 'numbers of two stores are not compared')
  const later = kept(lives)
  later.hear(n2, lifeOf('z', 50, 50, 'a'))
  t.equal(later.verdictOn(n2, ofStart('z')), 'more')
})

t.test('a damaged row says nothing', async t => {
  const [row] = heard(lifeOf('x', 3, 50)).takeRows()
  t.equal(row?.key, lifeRowKey(n2))
  for (let at = 0; at < row!.value.length; at++) {
    const value = Uint8Array.from(row!.value)
    value[at] = (value[at] ?? 0) ^ 1
    const rows = [{ key: row!.key as RowKey, value }]
    const lives = new Lives(nodeHash, { get: () => undefined, range: () => rows })
    t.equal(lives.commitsOf(n2), 0)
  }
})
