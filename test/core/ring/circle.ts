import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { circleOf } from '../../../src/core/ring/circle.ts'
import { nodeHash } from '../../helpers/hash.ts'

const owners = [
  { id: 'n1' as NodeId, tokens: 256 },
  { id: 'n2' as NodeId, tokens: 513 },
]

t.test('each owner has its tokens, twice round', async t => {
  const { owners: round, tokens } = circleOf(nodeHash, owners, 256)
  t.equal(tokens, 769)
  t.equal(round.length, 2 * tokens)
  t.same(round.slice(0, tokens), round.slice(tokens))
  t.equal(round.slice(0, tokens).filter(owner => owner === 1).length, 513)
})

t.test('partitions begin where they are on the circle', async t => {
  const { starts, tokens } = circleOf(nodeHash, owners, 256)
  t.equal(starts.length, 256)
  t.equal(starts[0], 0)
  t.ok(starts.slice(0, -1).every((start, i) => start <= starts[i + 1]! || starts[i + 1] === 0))
  t.ok(Math.abs(starts[128]! / tokens - 0.5) < 0.1, 'half the tokens lie before the middle')
})

t.test('a partition behind the last token begins at the first one', async t => {
  const { starts, tokens } = circleOf(nodeHash, [{ id: 'n1' as NodeId, tokens: 2 }], 65536)
  t.ok(starts.every(start => start < tokens))
  t.equal(starts[65535], 0)
  t.equal(new Set(starts).size, 2)
})

t.test('tokens of a node do not depend on the others, nor on how many it has', async t => {
  // Two hash ports: the tokens of n1 that both ask for are the same.
  const asked: string[][] = []
  for (const tokens of [4, 9]) {
    const texts: string[] = []
    const sha256 = (text: string) => {
      texts.push(text)
      return nodeHash.sha256(text)
    }
    circleOf({ ...nodeHash, sha256 }, [{ id: 'n1' as NodeId, tokens }], 1)
    asked.push(texts)
  }
  t.same(
    asked.map(texts => texts.length),
    [1, 3],
    'four tokens a hash',
  )
  t.equal(asked[0]?.[0], asked[1]?.[0])
})
