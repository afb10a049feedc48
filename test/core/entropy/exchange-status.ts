import t from 'tap'
import { oldestRuns, runsMax, runsOf } from '../../../src/core/entropy/exchange-status.ts'
import { PairProof } from '../../../src/core/entropy/pair-proof.ts'
import type { Epoch, NodeId } from '../../../src/core/ids.ts'

const n2 = 'n2' as NodeId
const base = { epoch: 'epoch-01' as Epoch, only: undefined }

t.test(
  'partitions of which the same is known are one run, over those that are not shared',
  async t => {
    const proof = new PairProof()
    proof.take({ ...base, stamp: 5, unequal: new Set(), moved: new Map() })
    proof.take({ ...base, stamp: 9, unequal: new Set([8]), moved: new Map([[8, 3]]) })
    const runs = runsOf(n2, [2, 3, 8, 9, 20], proof)
    t.match(runs, [
      { peer: 'n2', first: 2, last: 3, partitions: 2, equalAt: 9 },
      { first: 8, last: 8, partitions: 1, equalAt: 5, repairs: { last: 3, total: 3 } },
      { first: 9, last: 20, partitions: 2, equalAt: 9 },
    ])
    t.match(runsOf(n2, [1, 2], undefined), [{ first: 1, last: 2, partitions: 2, equalAt: 0 }])
    t.same(
      oldestRuns(runs).runs.map(({ first }) => first),
      [8, 2, 9],
    )
  },
)

t.test('what does not fit is counted', async t => {
  const proof = new PairProof()
  const all = Array.from({ length: runsMax + 10 }, (_, i) => i)
  for (const partition of all) {
    const only = [partition]
    proof.take({
      ...base,
      only,
      stamp: 1000 - (partition % 900),
      unequal: new Set(),
      moved: new Map(),
    })
  }
  const { runs, left } = oldestRuns(runsOf(n2, all, proof))
  t.same([runs.length, left], [runsMax, 10])
  t.ok(runs[0]!.equalAt < 110, 'the oldest first')
})
