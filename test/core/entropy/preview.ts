import fc from 'fast-check'
import t from 'tap'
import { mergeSiblings, noSiblings, type Siblings } from '../../../src/core/causality/siblings.ts'
import { Preview } from '../../../src/core/entropy/preview.ts'
import type { Key, NodeId, Token } from '../../../src/core/ids.ts'
import { putOn } from '../../helpers/exchange-pair.ts'

const names = ['n1', 'n2', 'n3'] as NodeId[]
const [n1, n2, n3] = names as [NodeId, NodeId, NodeId]
const key = 'k' as Key
const token = 'tokentok' as Token
const one = putOn(noSiblings, 'a', 'one')
const two = putOn(one, 'b', 'two, longer')
const beside = putOn(one, 'c', 'beside', noSiblings)

const shown = (preview: Preview) =>
  preview.moves(() => [n2, n3]).map(({ from, to }) => `${from}>${to}`)

t.test('what one lacks comes to it; what only the last has comes to all', async t => {
  const gives = new Preview(n1)
  gives.gives(n2, token, key, one)
  t.same(shown(gives), ['n1>n2'])
  const takes = new Preview(n1)
  takes.takes(n3, token, key, noSiblings, one)
  t.same(shown(takes), ['n3>n1', 'n1>n2'], 'n2 held what n1 held: nothing')
  const both = new Preview(n1)
  both.takes(n2, token, key, one, two)
  both.gives(n3, token, key, one)
  t.same(shown(both), ['n2>n1', 'n1>n3'])
  t.ok(both.moves(() => [n2, n3])[0]!.bytes > gives.moves(() => [n2, n3])[0]!.bytes)
})

t.test('siblings go both ways', async t => {
  const preview = new Preview(n1)
  preview.takes(n2, token, key, two, beside)
  preview.gives(n2, token, key, two)
  t.same(shown(preview), ['n2>n1', 'n1>n2', 'n1>n3'])
  preview.takes(n3, token, 'other' as Key, noSiblings, one)
  t.equal(preview.moves(() => [n2, n3]).length, 3 + 2)
})

t.test('after its moves all hold the same', async () => {
  const state = fc.constantFrom(noSiblings, one, two, beside, mergeSiblings(two, beside))
  fc.assert(
    fc.property(state, state, state, (own, second, third) => {
      const held = new Map<NodeId, Siblings>([
        [n1, own],
        [n2, second],
        [n3, third],
      ])
      const preview = new Preview(n1)
      for (const [node, theirs] of [
        [n2, second],
        [n3, third],
      ] as const) {
        if (`${theirs.versions.map(({ op }) => op)}` === `${own.versions.map(({ op }) => op)}`)
          continue
        preview.takes(node, token, key, own, theirs)
      }
      for (const { from, to } of preview.moves(() => [n2, n3])) {
        held.set(to, mergeSiblings(held.get(to)!, held.get(from)!))
      }
      const ops = [...held.values()].map(({ versions }) => `${versions.map(({ op }) => op)}`)
      return new Set(ops).size === 1
    }),
  )
})
