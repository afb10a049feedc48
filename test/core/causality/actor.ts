import t from 'tap'
import { fieldAfterMerge, nextDot } from '../../../src/core/causality/actor.ts'
import { noSiblings, type Seen, type Siblings } from '../../../src/core/causality/siblings.ts'
import { counterMax } from '../../../src/core/causality/version-vector.ts'
import type { Actor, StartId } from '../../../src/core/ids.ts'
import { actorOf } from '../../helpers/arbitrary-siblings.ts'

const start = 'start--1' as StartId
const field = { actor: actorOf('a'), start }
const blind: Seen = { vector: [], ops: [], pins: [] }
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

t.test('a family that is not in the vector is not used', async t => {
  t.same(nextDot(field, start, noSiblings, blind, fresh), first)
})

t.test('who has not seen every dot of an actor begins another one of the family', async t => {
  const second = '\0aaaaaaa' as Actor
  const begun = { dot: { actor: second, counter: 1 }, field }
  t.same(nextDot(field, start, rowWith('a', 4), blind, fresh), begun)
  t.same(nextDot(field, start, rowWith('a', 4), rowWith('a', 3), fresh), begun)
  t.same(nextDot(field, start, rowWith('a', counterMax), rowWith('a', counterMax), fresh), begun)
  const both: Siblings = { ...noSiblings, vector: [begun.dot, { actor: actorOf('a'), counter: 4 }] }
  const third = nextDot(field, start, both, blind, fresh)
  t.same(third.dot, { actor: '\x01aaaaaaa', counter: 1 })
  const goesOn = nextDot(field, start, both, { vector: [begun.dot], ops: [], pins: [] }, fresh)
  t.same(goesOn, { dot: { actor: second, counter: 2 }, field }, 'each writer has its own')
})

t.test('a family of which every actor is used is followed by another', async t => {
  const vector = Array.from({ length: 256 }, (_, i) => {
    return { actor: `${String.fromCharCode(i)}aaaaaaa` as Actor, counter: 1 }
  })
  t.same(nextDot(field, start, { ...noSiblings, vector }, blind, fresh), first)
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

t.test('the whole family counts in a merge', async t => {
  const other = { actor: '\0aaaaaaa' as Actor, counter: 2 }
  const before: Siblings = { ...noSiblings, vector: [other, { actor: actorOf('a'), counter: 4 }] }
  t.equal(fieldAfterMerge(field, before, rowWith('b', 1), before), field)
  t.equal(fieldAfterMerge(field, before, noSiblings, rowWith('a', 4)), undefined, 'one left')
  const more: Siblings = { ...noSiblings, vector: [{ ...other, counter: 3 }] }
  t.equal(fieldAfterMerge(field, before, more, before), undefined, 'one has more')
})

t.test('what drops the actor from the vector drops the field', async t => {
  t.equal(fieldAfterMerge(field, rowWith('a', 4), noSiblings, rowWith('b', 1)), undefined)
})

t.test('what brings more of the actor than the row has drops the field', async t => {
  t.equal(fieldAfterMerge(field, rowWith('a', 4), rowWith('a', 5), rowWith('a', 5)), undefined)
})
