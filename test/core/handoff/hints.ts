import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { ActorField } from '../../../src/core/causality/actor.ts'
import { decodeRecord } from '../../../src/core/causality/record.ts'
import { counterOf } from '../../../src/core/causality/version-vector.ts'
import type { Actor, Key, NodeId, StartId, WallTime } from '../../../src/core/ids.ts'
import { hintOfRow, hintRowKey } from '../../../src/core/row-key.ts'
import type { RowKey, StoredRow } from '../../../src/core/step.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { copyOf, HintHolder, tokenFor } from '../../helpers/hint-holder.ts'

const owner = 'n2' as NodeId
const key = 'k' as Key
const token = tokenFor(key)
const row = hintRowKey(token, key, owner)

/** What is held for whom, counted from the disk. */
function recount(disk: ReadonlyMap<RowKey, Uint8Array>) {
  const counts = new Map<NodeId, { hints: number; bytes: number }>()
  for (const [key, value] of disk) {
    const { owner } = hintOfRow(key)
    const count = counts.get(owner) ?? { hints: 0, bytes: 0 }
    counts.set(owner, {
      hints: count.hints + 1,
      bytes: count.bytes + key.length + value.length + 64,
    })
  }
  return counts
}

function checkCounts<Then>(holder: HintHolder<Then>): void {
  const counts = [...holder.hints.counts].map(([owner, { hints, bytes }]) => {
    return [owner, { hints, bytes }] as const
  })
  const expected = recount(holder.disk)
  deepEqual(new Map(counts), expected)
  let bytes = 0
  for (const count of expected.values()) bytes += count.bytes
  equal(holder.hints.bytes, bytes)
  equal(holder.hints.none, expected.size === 0)
}

t.test('a hint is merged by key: a thousand writes are one hint', async t => {
  const holder = new HintHolder<number>()
  for (let i = 1; i <= 1000; i++) t.equal(holder.keep(owner, key, copyOf('a', i), i), 'waits')
  t.equal(holder.flush().length, 1000)
  t.same(holder.rows, [row])
  t.equal(holder.hints.base(owner, token, key)?.siblings.versions.length, 1)
  t.equal(holder.keep(owner, key, copyOf('a', 7), 1001), 'held', 'nothing new, and durable')
  t.same(holder.flush(), [])
})

t.test('what brings nothing new waits for what is pending', async t => {
  const holder = new HintHolder<string>()
  holder.keep(owner, key, copyOf('a'), 'first')
  holder.turn()
  t.equal(holder.keep(owner, key, copyOf('a'), 'second'), 'waits')
  t.same(holder.durable(), ['first', 'second'])
})

t.test('past the quota nothing is taken, and what is held stays', async t => {
  const holder = new HintHolder<string>(1000)
  t.equal(holder.keep(owner, key, copyOf('a', 1, 'x'.repeat(500))), 'waits')
  t.equal(holder.keep(owner, 'k2', copyOf('a', 1, 'x'.repeat(500))), 'full')
  t.equal(holder.keep(owner, key, copyOf('b', 1, 'x'.repeat(500))), 'full', 'nor merged')
  t.equal(holder.keep(owner, key, copyOf('a', 1, 'x'.repeat(500)), 'again'), 'waits', 'no more')
  holder.flush()
  t.equal(holder.rows.length, 1)
  t.equal(holder.hints.hasRoom(1000), false)
  holder.hints.move('n3' as NodeId, token, key, copyOf('a', 1, 'x'.repeat(500)))
  holder.flush()
  t.equal(holder.rows.length, 2, 'one that moves was counted before')
})

t.test('removed only as it was handed over, pending or not', async t => {
  const holder = new HintHolder<string>()
  holder.keep(owner, key, copyOf('a', 1))
  holder.flush()
  const handed = holder.disk.get(row) as Uint8Array
  holder.keep(owner, key, copyOf('a', 2))
  t.equal(holder.hints.remove(row, handed), false, 'a newer one is pending')
  holder.flush()
  t.equal(holder.hints.remove(row, handed), false, 'a newer one is durable')
  t.equal(holder.hints.remove(row, Uint8Array.from(holder.disk.get(row)!)), true)
  t.equal(holder.hints.none, true)
  t.equal(holder.hints.base(owner, token, key), undefined)
  t.equal(holder.hints.settled({ key: row, value: holder.disk.get(row)! }), 'going')
  t.equal(holder.hints.remove(row, handed), true, 'nothing is there')
  t.equal(holder.keep(owner, key, copyOf('a', 1), 'again'), 'waits', 'written again behind it')
  t.same(holder.flush(), ['again'])
  t.equal(holder.rows.length, 1)
})

t.test('an actor lives in its hint: merges keep it, a copy or a new hint has none', async t => {
  const holder = new HintHolder<string>()
  const field: ActorField = { actor: 'aaaaaaaa' as Actor, start: 's'.repeat(8) as StartId }
  holder.hints.writeOwn(owner, token, key, { ...copyOf('a', 1), field }, 'own')
  holder.keep(owner, key, copyOf('b'))
  t.same(holder.hints.base(owner, token, key)?.field, field)
  holder.flush()
  t.same(holder.hints.base(owner, token, key)?.field, field)
  const held = holder.hints.base(owner, token, key)!
  holder.hints.move('n3' as NodeId, token, key, held)
  t.equal(holder.hints.base('n3' as NodeId, token, key)?.field, undefined, 'another owner')
  holder.hints.remove(row, holder.disk.get(row)!)
  holder.keep(owner, key, held)
  t.equal(holder.hints.base(owner, token, key)?.field, undefined, 'removed and kept again')
  holder.hints.writeOwn(owner, token, key, { ...copyOf('a', 1), field }, 'own')
  holder.keep(owner, key, copyOf('a', 2))
  t.equal(holder.hints.base(owner, token, key)?.field, undefined, 'more of it from elsewhere')
})

t.test(
  'a reader is told of all durable hints of the key, a coordinator of pending ones',
  async t => {
    const holder = new HintHolder<string>()
    t.equal(holder.hints.durable(token, key), undefined)
    holder.keep('n2', key, copyOf('a'))
    t.equal(holder.hints.durable(token, key), undefined, 'not durable yet')
    t.equal(holder.hints.held(token, key).length, 1)
    holder.flush()
    holder.keep('n3', key, copyOf('b'))
    holder.keep('n3', 'kk', copyOf('c'))
    holder.flush()
    t.equal(holder.hints.durable(token, key)?.siblings.versions.length, 2)
    t.equal(holder.hints.held(token, key).length, 2)
    const merged = new HintHolder<string>()
    merged.keep('n2', key, copyOf('b'))
    merged.keep('n2', key, copyOf('a'))
    merged.flush()
    t.equal(holder.hints.durable(token, key)?.digest, merged.hints.durable(token, key)?.digest)
  },
)

t.test('a damaged hint is told apart, counts as none, and is written anew', async t => {
  const holder = new HintHolder<string>()
  holder.keep(owner, key, copyOf('a'))
  holder.flush()
  const value = Uint8Array.from(holder.disk.get(row)!)
  value[value.length - 1]! ^= 1
  holder.disk.set(row, value)
  t.equal(holder.hints.settled({ key: row, value }), undefined)
  t.equal(holder.hints.base(owner, token, key), undefined)
  t.equal(holder.hints.durable(token, key), undefined)
  t.equal(holder.keep(owner, key, copyOf('b'), 'then'), 'waits')
  holder.flush()
  checkCounts(holder)
})

t.test('the age of a hint is that of its first write', async t => {
  const holder = new HintHolder<string>()
  holder.hints.observe(1000 as WallTime)
  holder.keep(owner, key, copyOf('a', 1))
  holder.hints.observe(2000 as WallTime)
  holder.keep(owner, key, copyOf('a', 2))
  holder.keep(owner, 'k2', copyOf('a'))
  holder.flush()
  t.equal(holder.hints.counts.get(owner)?.since, 1000)
  holder.restart()
  t.equal(holder.hints.counts.get(owner)?.since, 1000)
})

t.test('a start counts more hints than are read at once', async () => {
  const holder = new HintHolder<string>()
  for (let i = 0; i < 2500; i++) holder.keep(i % 3 === 0 ? 'n2' : 'n3', `k${i}`, copyOf('a'))
  holder.flush()
  holder.restart()
  checkCounts(holder)
})

const owners = fc.constantFrom('n2', 'n3')
const keys = fc.constantFrom('k', 'kk', 'l')
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('keep' as const),
      owner: owners,
      key: keys,
      actor: fc.constantFrom('a', 'b'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('capture', 'flush') }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), n: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('turn', 'durable', 'restart') }) },
)

type Dot = { readonly row: RowKey; readonly actor: Actor; readonly counter: number }

/** What was acknowledged, and what somebody has that was handed over. */
class Model {
  readonly holder = new HintHolder<Dot>(2500)
  readonly #acked: Dot[] = []
  readonly #handed: StoredRow[] = []
  #captured: readonly StoredRow[] = []
  #counter = 0

  run(one: typeof command extends fc.Arbitrary<infer C> ? C : never): void {
    const { holder } = this
    if (one.type === 'keep') this.#keep(one.owner as NodeId, one.key as Key, one.actor)
    else if (one.type === 'flush') this.#acked.push(...holder.flush())
    else if (one.type === 'capture')
      this.#captured = [...holder.disk].map(([key, value]) => ({ key, value }))
    else if (one.type === 'remove') {
      const handed = this.#captured[one.n]
      if (handed === undefined) return
      this.#handed.push(handed)
      holder.hints.remove(handed.key, handed.value)
    } else if (one.type === 'turn') holder.turn()
    else if (one.type === 'durable') this.#acked.push(...holder.durable())
    else holder.restart()
  }

  #keep(owner: NodeId, key: Key, name: string): void {
    const { holder } = this
    const copy = copyOf(name, ++this.#counter, 'v'.repeat(200))
    const then = { row: hintRowKey(tokenFor(key), key, owner), ...copy.siblings.vector[0]! }
    const before = holder.hints.bytes
    const kept = holder.keep(owner, key, copy, then)
    if (kept === 'held') this.#acked.push(then)
    if (kept === 'full') equal(holder.hints.bytes, before)
    ok(holder.hints.bytes <= 2500 + 100, 'the quota holds, but for the row key of one')
  }

  check(): void {
    this.#acked.push(...this.holder.flush())
    checkCounts(this.holder)
    for (const { row, actor, counter } of this.#acked) {
      const at = [{ key: row, value: this.holder.disk.get(row) }, ...this.#handed]
      const known = at.some(({ key, value }) => {
        if (key !== row || value === undefined) return false
        const record = decodeRecord(nodeHash, hintOfRow(row).key, value.subarray(6))
        return record !== undefined && counterOf(record.siblings.vector, actor) >= counter
      })
      ok(known, `${actor} ${counter} is lost`)
    }
  }
}

t.test(
  'whatever happens: counts are those of the disk, and nothing acknowledged is lost',
  async () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), commands => {
        const model = new Model()
        for (const one of commands) model.run(one)
        model.check()
        model.holder.restart()
        model.check()
      }),
      { numRuns: 300 },
    )
  },
)
