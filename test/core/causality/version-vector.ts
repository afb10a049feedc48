import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  compareDots,
  compareVectors,
  counterOf,
  covers,
  descends,
  includeDot,
  mergeVectors,
} from '../../../src/core/causality/version-vector.ts'
import { actorOf, vectors } from '../../helpers/arbitrary-siblings.ts'

const a1 = { actor: actorOf('a'), counter: 1 }
const a2 = { actor: actorOf('a'), counter: 2 }
const b1 = { actor: actorOf('b'), counter: 1 }

t.test('an actor without an entry was seen up to 0', async t => {
  t.equal(counterOf([a2], actorOf('b')), 0)
  t.equal(counterOf([], actorOf('b')), 0)
  t.equal(counterOf([a2, b1], actorOf('a')), 2)
})

t.test('an entry of n has seen every dot up to n', async t => {
  t.ok(covers([a2], a1))
  t.ok(covers([a2], a2))
  t.notOk(covers([a1], a2))
  t.notOk(covers([a1], b1))
})

t.test('a dot is included in place, and nothing else moves', async t => {
  t.same(includeDot([b1], a2), [a2, b1])
  t.same(includeDot([a1, b1], a2), [a2, b1])
  const vector = [a2, b1]
  t.equal(includeDot(vector, a1), vector)
})

t.test(
  'vectors of Dynamo figure 3: a later write descends, two beside each other do not',
  async t => {
    t.equal(compareVectors([a1], [a2]), 'before')
    t.equal(compareVectors([a2, b1], [a2]), 'after')
    t.equal(compareVectors([a2], [a1, b1]), 'concurrent')
    t.equal(compareVectors([a1, b1], [{ ...a1 }, { ...b1 }]), 'equal')
  },
)

t.test('merging is a least upper bound: commutative, associative, idempotent', async () => {
  fc.assert(
    fc.property(vectors, vectors, vectors, (a, b, c) => {
      const ab = mergeVectors(a, b)
      deepEqual(ab, mergeVectors(b, a))
      deepEqual(mergeVectors(ab, c), mergeVectors(a, mergeVectors(b, c)))
      equal(mergeVectors(a, a), a)
      equal(mergeVectors(ab, b), ab)
      ok(descends(ab, a) && descends(ab, b))
      for (const { actor, counter } of ab) {
        equal(counter, Math.max(counterOf(a, actor), counterOf(b, actor)))
      }
    }),
  )
})

t.test('compareVectors agrees with covers', async () => {
  fc.assert(
    fc.property(vectors, vectors, (a, b) => {
      equal(
        descends(a, b),
        b.every(dot => covers(a, dot)),
      )
      const flipped = { before: 'after', after: 'before' } as const
      const order = compareVectors(a, b)
      equal(compareVectors(b, a), order === 'before' || order === 'after' ? flipped[order] : order)
    }),
  )
})

t.test('dots have one order on every node', async t => {
  t.same([b1, a2, a1].sort(compareDots), [a1, a2, b1])
  t.equal(compareDots(a1, { ...a1 }), 0)
})
