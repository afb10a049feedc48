import t from 'tap'
import { encodeObject } from '../../../src/core/causality/object.ts'
import {
  mergeSiblings,
  noSiblings,
  pinned,
  putVersion,
  type Siblings,
} from '../../../src/core/causality/siblings.ts'
import type { Actor, NodeId, OpId } from '../../../src/core/ids.ts'
import { newDecoded } from '../../../src/sim/check/decoded.ts'
import { SecondDots } from '../../../src/sim/check/second-dots.ts'
import type { Write } from '../../../src/sim/history.ts'
import { holding, key, n1, n2, n3, TestScene, token } from '../../helpers/scene.ts'

/** A first try at n1, a second send at n2, and writes behind the first one at n1. */
class TwoSides {
  readonly scene = new TestScene(() => ({ name: 'none' }))
  readonly write = this.scene.write()
  readonly dots = new SecondDots(this.scene.history, newDecoded())
  readonly second = underAnotherDot(holding(this.write), n2)

  constructor(pinnedAtSecond = true) {
    const op = this.write.op as OpId
    this.sends(n1, holding(this.write))
    this.sends(n2, pinnedAtSecond ? pinned(this.second, op) : this.second)
  }

  sends(node: NodeId, siblings: Siblings): void {
    const copy = { key, token, object: encodeObject(siblings), generation: 0, time: 0 }
    const envelope = { id: 7, epoch: '' as never, timeLeft: 1000 }
    const message = { type: 'store', ...envelope, ...copy, owner: undefined } as const
    this.dots.hear({ type: 'effect', node, effect: { type: 'send', to: n3, message } })
  }

  /** The last of so many later writes, whose writer was shown it, in a record that may know of it. */
  supersede(count: number, ids: 'known' | 'pinned' | 'forgotten' | 'live'): Write {
    for (let i = 1; i < count; i++) this.scene.write()
    const later = this.scene.write([this.write])
    const made = ids === 'live' ? mergeSiblings(holding(later), this.second) : holding(later)
    const op = this.write.op as OpId
    const rest = made.ops.filter(one => one !== op)
    const ops = ids === 'known' ? [...rest, op] : rest
    this.sends(n1, { ...made, ops, pins: ids === 'pinned' || ids === 'live' ? [op] : [] })
    return later
  }

  mayReturn(later: Write, which: Siblings): boolean {
    return this.dots.mayReturn(this.write, { later, versions: which.versions })
  }
}

function underAnotherDot(siblings: Siblings, via: NodeId): Siblings {
  const dot = { actor: `${via}again-` as Actor, counter: 1 }
  const seen = { vector: [], ops: [], pins: [] }
  return putVersion(noSiblings, seen, { ...siblings.versions[0]!, dot, via })
}

t.test('a second dot may return beside what forgot the operation', async t => {
  const sides = new TwoSides()
  const later = sides.supersede(9, 'forgotten')
  t.ok(sides.mayReturn(later, sides.second))
  t.notOk(sides.mayReturn(later, holding(sides.write)), 'its first dot may not')
})

t.test('or stay where a context that no longer named the operation overwrote it', async t => {
  const sides = new TwoSides()
  t.ok(sides.mayReturn(sides.supersede(9, 'live'), sides.second))
})

t.test('not where fewer writes came between than a list of ids keeps', async t => {
  const sides = new TwoSides()
  t.notOk(sides.mayReturn(sides.supersede(6, 'forgotten'), sides.second))
})

t.test('not beside a record that knew of it, by a pin or by the list', async t => {
  for (const ids of ['known', 'pinned'] as const) {
    const sides = new TwoSides()
    t.notOk(sides.mayReturn(sides.supersede(9, ids), sides.second), ids)
  }
})

t.test('not where its second send left no pin', async t => {
  const sides = new TwoSides(false)
  t.notOk(sides.mayReturn(sides.supersede(9, 'forgotten'), sides.second))
})
