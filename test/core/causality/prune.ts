import { ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { type Pruned, prune, vectorEntriesMax } from '../../../src/core/causality/prune.ts'
import {
  mergeSiblings,
  noSiblings,
  putVersion,
  type Seen,
  type Siblings,
  seenOf,
  type Version,
} from '../../../src/core/causality/siblings.ts'
import type { StartId } from '../../../src/core/ids.ts'
import { versionOf } from '../../helpers/arbitrary-siblings.ts'

const blind: Seen = { vector: [], ops: [], pins: [] }

/** A key that so many actors wrote, one after the other, each having seen all before. */
function writtenBy(actors: number, tombstone = false): Siblings {
  let siblings = noSiblings
  for (let i = 0; i < actors; i++) {
    const last = tombstone && i === actors - 1
    const version = last ? versionOf(`${i}`, 1, i) : versionOf(`${i}`, 1, i, `v${i}`)
    siblings = putVersion(siblings, seenOf(siblings), version)
  }
  return siblings
}

t.test('up to the limit nothing is dropped, and past it only what is no live version', async t => {
  const atLimit = writtenBy(vectorEntriesMax)
  t.equal(prune(atLimit, atLimit, undefined, undefined, vectorEntriesMax).siblings, atLimit)
  const { siblings, dropped } = prune(
    writtenBy(60),
    noSiblings,
    undefined,
    undefined,
    vectorEntriesMax,
  )
  t.equal(dropped, 10)
  t.equal(siblings.vector.length, vectorEntriesMax)
  const [live] = siblings.versions
  t.ok(siblings.vector.some(({ actor }) => actor === live!.dot.actor))
  const wide = [...Array(60).keys()].reduce(
    (all, i) => putVersion(all, blind, versionOf(`${i}`, 1, i, `v${i}`)),
    noSiblings,
  )
  t.equal(
    prune(wide, noSiblings, undefined, undefined, 50).dropped,
    0,
    'every entry has a live version',
  )
})

t.test('what a put supersedes stays covered: other replicas still show it', async t => {
  const wide = [...Array(60).keys()].reduce(
    (all, i) => putVersion(all, blind, versionOf(`${i}`, 1, i, `v${i}`)),
    noSiblings,
  )
  const settled = putVersion(wide, seenOf(wide), versionOf('s', 1, 99, 'settled'))
  const pruned = prune(settled, wide, undefined, undefined, 50)
  t.equal(pruned.dropped, 0)
  t.equal(mergeSiblings(wide, pruned.siblings).versions.length, 1)
  const next = putVersion(settled, seenOf(settled), versionOf('t', 1, 100, 'next'))
  t.equal(prune(next, settled, undefined, undefined, 50).dropped, 12, 'the next put drops them')
})

t.test('nothing is dropped beside a tombstone', async t => {
  t.equal(prune(writtenBy(60, true), noSiblings, undefined, undefined, 50).dropped, 0)
})

t.test('the field goes with the last resort, an actor of its own family', async t => {
  const siblings = writtenBy(6)
  const own = siblings.vector.find(({ actor }) => actor !== siblings.versions[0]!.dot.actor)!
  const field = { actor: own.actor, start: 's'.repeat(8) as StartId }
  t.same(prune(siblings, noSiblings, field, undefined, 3).field, field, 'others go first')
  t.equal(prune(siblings, noSiblings, field, undefined, 1).field, undefined)
})

type Write = { readonly version: Version; readonly past: ReadonlySet<Write> }
type Node = { siblings: Siblings; readonly writes: Set<Write> }

/** Rows of three nodes, and beside them what was really written and seen. */
function play(steps: readonly (readonly [number, number, number])[], entriesMax: number) {
  const nodes: Node[] = [0, 1, 2].map(() => ({ siblings: noSiblings, writes: new Set() }))
  const shown: { readonly seen: Seen; readonly past: ReadonlySet<Write> }[] = []
  const all: Write[] = []
  let dropped = 0
  for (const [kind, at, pick] of steps) {
    const node = nodes[at % 3] as Node
    if (kind < 3) {
      const known = shown[pick % (shown.length + 1)] ?? { seen: blind, past: new Set() }
      const n = all.length + 1
      const version = versionOf(`w${n}`, 1, n, pick % 7 === 0 ? undefined : `v${n}`)
      const made = putVersion(node.siblings, known.seen, version)
      const pruned: Pruned = prune(made, node.siblings, undefined, version, entriesMax)
      dropped += pruned.dropped
      node.siblings = pruned.siblings
      const past = new Set(known.past)
      const write = { version, past }
      all.push(write)
      node.writes.add(write)
    } else if (kind === 3) {
      const from = nodes[pick % 3] as Node
      node.siblings = mergeSiblings(node.siblings, from.siblings)
      for (const write of from.writes) node.writes.add(write)
    } else {
      const past = new Set<Write>()
      for (const write of node.writes) {
        past.add(write)
        for (const earlier of write.past) past.add(earlier)
      }
      shown.push({ seen: seenOf(node.siblings), past })
    }
  }
  const merged = nodes.reduce((m, node) => mergeSiblings(m, node.siblings), noSiblings)
  return { merged, all, dropped }
}

t.test('nothing is lost by it, whatever is merged with what', async t => {
  let dropped = 0
  const step = fc.tuple(fc.nat(4), fc.nat(2), fc.nat(40))
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), steps => {
      const played = play(steps, 2)
      dropped += played.dropped
      for (const write of played.all) {
        const superseded = played.all.some(other => other.past.has(write))
        const live = played.merged.versions.some(({ op }) => op === write.version.op)
        ok(superseded || live, `${write.version.op} is lost`)
      }
    }),
    { numRuns: 1000 },
  )
  t.ok(dropped > 1000, `${dropped} entries were dropped`)
})
