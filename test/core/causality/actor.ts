import t from 'tap'
import { fieldAfterMerge, nextDot } from '../../../src/core/causality/actor.ts'
import { noSiblings, type Seen, type Siblings } from '../../../src/core/causality/siblings.ts'
import { counterMax } from '../../../src/core/causality/version-vector.ts'
import type { StartId } from '../../../src/core/ids.ts'
import { actorOf } from '../../helpers/arbitrary-siblings.ts'

const start = 'start--1' as StartId
const field = { actor: actorOf('a'), start }
const blind: Seen = { vector: [], ops: [] }
const fresh = () => actorOf('z')
const first = { dot: { actor: actorOf('z'), counter: 1 }, field: { actor: actorOf('z'), start } }

function rowWith(letter: string, counter: number): Siblings {
  return { ...noSiblings, vector: [{ actor: actorOf(letter), counter }] }
}

t.test('a row without a field draws an actor, from 1', async t => {
  t.same(nextDot(undefined, start, noSiblings, blind, fresh), first)
  t.same(nextDot(undefined, start, rowWith('a', 4), blind, fresh), first)
})

t.test("the row's actor goes on at its vector entry + 1", async t => {
  const next = nextDot(field, start, rowWith('a', 4), rowWith('a', 4), fresh)
  t.same(next, { dot: { actor: actorOf('a'), counter: 5 }, field })
})

t.test('a row with the field of another start draws anew', async t => {
  t.same(
    nextDot({ ...field, start: 'start--0' as StartId }, start, rowWith('a', 4), blind, fresh),
    first,
  )
})

t.test('a context that has more of the actor than the row draws anew', async t => {
  t.same(nextDot(field, start, rowWith('a', 4), rowWith('a', 5), fresh), first)
})

t.test('an actor that is not in the vector, or has counted to the end, is not used', async t => {
  t.same(nextDot(field, start, noSiblings, blind, fresh), first)
  t.same(nextDot(field, start, rowWith('a', counterMax), blind, fresh), first)
})

t.test('a drawn actor that is known stops the node', async t => {
  t.throws(() => nextDot(undefined, start, rowWith('z', 1), blind, fresh), /is new/)
})

t.test('merges keep the field', async t => {
  const row = rowWith('a', 4)
  t.equal(fieldAfterMerge(field, row, rowWith('a', 3), row), field)
  t.equal(fieldAfterMerge(field, row, rowWith('b', 9), row), field)
  t.equal(fieldAfterMerge(undefined, row, rowWith('b', 9), row), undefined)
})

t.test('what drops the actor from the vector drops the field', async t => {
  t.equal(fieldAfterMerge(field, rowWith('a', 4), noSiblings, rowWith('b', 1)), undefined)
})

t.test('what brings more of the actor than the row has drops the field', async t => {
  t.equal(fieldAfterMerge(field, rowWith('a', 4), rowWith('a', 5), rowWith('a', 5)), undefined)
})
