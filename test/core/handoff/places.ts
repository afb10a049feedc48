import t from 'tap'
import { Places, placeOf } from '../../../src/core/handoff/places.ts'
import type { NodeId, Token } from '../../../src/core/ids.ts'

const n2 = 'n2' as NodeId
const token = (first: number, second: number) =>
  `${String.fromCharCode(first, second)}abcdef` as Token

t.test('the next place of an owner that has something', async t => {
  const places = new Places()
  t.equal(places.next(n2, 0), undefined)
  places.count(n2, token(1, 2), 1)
  places.count(n2, token(1, 2), 1)
  places.count('n3' as NodeId, token(0, 9), 1)
  places.count(n2, token(255, 255), 1)
  t.equal(places.next(n2, 0), placeOf(token(1, 2)))
  t.equal(places.next(n2, 259), 65_535)
  places.count(n2, token(255, 255), -1)
  t.equal(places.next(n2, 259), undefined)
  places.forget(n2)
  t.equal(places.next(n2, 0), undefined)
})
