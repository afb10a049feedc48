import fc from 'fast-check'
import t from 'tap'
import { itemDigest } from '../../../src/core/causality/digest.ts'
import { mergeSiblings, noSiblings, type Siblings } from '../../../src/core/causality/siblings.ts'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import { ReadRepair } from '../../../src/core/quorum/read-repair.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { objectOf } from '../../helpers/siblings.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'] as NodeId[] as [NodeId, NodeId, NodeId, NodeId]
const primaries = [a, b, c]
const digestOf = (siblings: Siblings) => itemDigest(nodeHash, 'd', 'k' as Key, siblings)
const x = objectOf('x')
const y = objectOf('y')
const both = mergeSiblings(x, y)

function repairOf(returned: Siblings, needed = 2): ReadRepair {
  return new ReadRepair({ primaries, needed, digestOf }, returned, digestOf(returned))
}

function answer(siblings: Siblings, full = false) {
  const object = full ? siblings : undefined
  return { digest: digestOf(siblings), whole: true, generation: 0, siblings: object }
}

t.test('who lacks it is due once, and repaired once its ack came', async t => {
  const repair = repairOf(x)
  t.equal(repair.heard(a, answer(x), true), false)
  t.equal(repair.heard(b, answer(noSiblings), true), false)
  t.same(repair.due(), [b])
  t.same(repair.due(), [])
  t.equal(repair.enough, false)
  t.same(repair.repaired, [])
  t.ok(repair.pending)
  t.equal(repair.stored(b), true)
  t.equal(repair.stored(b), false, 'an ack that comes twice')
  t.equal(repair.enough, true)
  t.same(repair.repaired, [b])
  t.notOk(repair.pending)
})

t.test('both sides of a concurrent pair get the merged object', async t => {
  const repair = repairOf(both)
  repair.heard(a, answer(x, true), true)
  repair.heard(b, answer(y, true), true)
  t.same(repair.due(), [a, b])
  t.equal(repair.merged, both)
  repair.stored(a)
  t.notOk(repair.enough)
  repair.stored(b)
  t.ok(repair.enough)
})

t.test('a late answer with more is fetched, and given to those that lack it', async t => {
  const repair = repairOf(x)
  repair.heard(a, answer(x), true)
  repair.heard(b, answer(x), true)
  t.ok(repair.enough)
  t.equal(repair.heard(c, answer(y), false), true, 'nobody else may hold it')
  t.same(repair.due(), [])
  t.ok(repair.fetches(c))
  t.equal(repair.heard(c, answer(y, true), false), false)
  t.same([...repair.due()].sort(), [a, b, c])
  t.same(digestOf(repair.merged), digestOf(both))
})

t.test('what is found while a copy is under way follows it', async t => {
  const repair = repairOf(x)
  repair.heard(a, answer(x), true)
  repair.heard(b, answer(noSiblings), true)
  t.same(repair.due(), [b])
  repair.heard(c, answer(y, true), false)
  t.same([...repair.due()].sort(), [a, c], 'b is written to already')
  t.equal(repair.stored(b), true)
  t.same(repair.due(), [b])
})

t.test('a late answer that holds what is returned, or more, is a holder', async t => {
  for (const late of [x, both]) {
    const repair = repairOf(x)
    repair.heard(a, answer(x), true)
    t.notOk(repair.enough)
    repair.heard(c, answer(late, true), false)
    t.ok(repair.enough)
  }
})

t.test('who holds what is returned counts, also when more was found since', async t => {
  const repair = repairOf(x)
  repair.heard(a, answer(x), true)
  repair.heard(c, answer(y, true), false)
  repair.heard(b, answer(x), true)
  t.ok(repair.enough)
  t.same([...repair.due()].sort(), [a, b, c], 'and it gets the rest')
})

t.test('a fallback is neither repaired nor counted, but what it holds is given on', async t => {
  const repair = repairOf(both)
  repair.heard(a, answer(x), true)
  repair.heard(d, answer(y), true)
  t.same(repair.due(), [a])
  repair.stored(a)
  t.notOk(repair.enough)
  t.ok(repair.hopeful(node => node === b))
  t.notOk(repair.hopeful(() => false))
})

t.test('hope: holders, those written to or fetched, and the silent', async t => {
  const repair = repairOf(x, 3)
  repair.heard(a, answer(x), true)
  repair.heard(b, answer(noSiblings), true)
  repair.due()
  t.ok(repair.hopeful(node => node === c))
  repair.heard(c, answer(y), false)
  t.ok(
    repair.hopeful(() => false),
    'c is fetched',
  )
  repair.lost(b)
  t.notOk(repair.hopeful(() => false))
  repair.lost(c)
  t.notOk(repair.pending)
  t.equal(repair.stored(b), false, 'too late to be counted')
})

t.test('in any order all primaries that answer end with all that was found', async t => {
  const objects = [noSiblings, x, y, both, objectOf('z'), mergeSiblings(both, objectOf('z'))]
  const held = fc.record({ node: fc.nat(3), object: fc.nat(objects.length - 1) })
  fc.assert(
    fc.property(
      fc.array(held, { minLength: 1, maxLength: 4 }),
      fc.array(fc.boolean()),
      (answers, late) => {
        const nodes = [a, b, c, d]
        const disks = new Map<NodeId, Siblings>()
        const repair = repairOf(x)
        const write = () => repair.due().map(node => [node, repair.merged] as const)
        let copies = write()
        const store = () => {
          const [copy, ...rest] = copies
          copies = rest
          if (copy === undefined) return
          disks.set(copy[0], mergeSiblings(disks.get(copy[0]) ?? noSiblings, copy[1]))
          repair.stored(copy[0])
          copies.push(...write())
        }
        answers.forEach(({ node, object }, i) => {
          const by = nodes[node]!
          if (disks.has(by)) return
          disks.set(by, objects[object]!)
          const fetch = repair.heard(by, answer(objects[object]!), false)
          if (fetch) repair.heard(by, answer(disks.get(by)!, true), false)
          copies.push(...write())
          if (late[i]) store()
        })
        while (copies.length > 0) store()
        const found = [...disks.values()].reduce(mergeSiblings, x)
        for (const node of primaries) {
          if (disks.has(node)) t.equal(digestOf(disks.get(node)!), digestOf(found))
        }
        t.notOk(repair.pending)
      },
    ),
  )
})
