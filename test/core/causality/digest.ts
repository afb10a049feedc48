import fc from 'fast-check'
import t from 'tap'
import { itemDigest } from '../../../src/core/causality/digest.ts'
import {
  mergeSiblings,
  noSiblings,
  putVersion,
  type Siblings,
  seenOf,
} from '../../../src/core/causality/siblings.ts'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import { opOf, trios, versionOf } from '../../helpers/arbitrary-siblings.ts'
import { nodeHash } from '../../helpers/hash.ts'

const blind = { vector: [], ops: [], pins: [] }
const one = putVersion(noSiblings, blind, versionOf('a', 1, 1, 'one'))
const digest = (siblings: Siblings, key = 'k', secret = 's'.repeat(32)) =>
  itemDigest(nodeHash, secret, key as Key, siblings)

t.test('a digest is 8 bytes, and none where nothing is live', async t => {
  t.equal(digest(one).length, 8)
  t.equal(digest(noSiblings), '')
  t.equal(digest({ ...one, versions: [] }), '')
})

t.test('key, secret, live dots, checksums and tombstone flags count', async t => {
  const version = one.versions[0]!
  const others = [
    digest(one, 'l'),
    digest(one, 'k', 't'.repeat(32)),
    digest({ ...one, versions: [{ ...version, dot: { ...version.dot, counter: 2 } }] }),
    digest({ ...one, versions: [{ ...version, checksum: 1 }] }),
    digest({ ...one, versions: [{ ...version, tombstone: true }] }),
    digest(putVersion(one, blind, versionOf('b', 1, 2, 'two'))),
    digest(one),
  ]
  t.equal(new Set(others).size, others.length)
})

t.test('vector, operations, times and coordinators do not', async t => {
  const version = one.versions[0]!
  const other: Siblings = {
    vector: [...one.vector, { ...version.dot, actor: versionOf('q', 1, 1).dot.actor }],
    ops: [opOf(9), ...one.ops],
    pins: [opOf(4)],
    versions: [{ ...version, op: opOf(8), at: 5, via: 'n9' as NodeId }],
  }
  t.equal(digest(other), digest(one))
})

t.test('a key is told from the version behind it by its length', async t => {
  t.not(digest(one, 'ka'), digest(one, 'k'))
})

t.test('replicas that merged in another order have equal digests', async t => {
  fc.assert(
    fc.property(trios, ([a, b, c]) => {
      const left = mergeSiblings(mergeSiblings(a, b), c)
      const right = mergeSiblings(c, mergeSiblings(b, a))
      return digest(left) === digest(right)
    }),
    { numRuns: 300 },
  )
  t.equal(digest(putVersion(one, seenOf(one), versionOf('a', 2, 2))).length, 8)
})
