/**
 * What every `Store` and its commits must do, on a real disk and on the simulator's alike.
 */
import fc from 'fast-check'
import type { Test } from 'tap'
import { compareBinary } from '../../src/core/binary.ts'
import type { Row, RowKey, Store } from '../../src/core/step.ts'

export type StoreUnderTest = {
  readonly reads: Store
  readonly commitsAtStart: number
  readonly commits: () => number
  readonly commit: (rows: readonly Row[]) => Promise<'durable' | 'refused' | 'unknown'>
  readonly close: () => Promise<void>
}

/** A place where a store can be opened, closed and opened again. */
export type StorePlace = {
  readonly open: () => Promise<StoreUnderTest>
  readonly remove: () => void
}

export function runStoreContract(t: Test, place: () => StorePlace): void {
  const test = (name: string, body: (t: Test, store: StoreUnderTest) => Promise<void>) =>
    t.test(name, async t => {
      const here = place()
      const store = await here.open()
      try {
        await body(t, store)
      } finally {
        await store.close()
        here.remove()
      }
    })

  test('a new store holds nothing, its own rows included', async (t, { reads }) => {
    t.equal(reads.get(k('a')), undefined)
    t.same(reads.range(lowest, highest, 10), [])
    t.equal(reads.get('\0identity' as RowKey), undefined)
  })

  test('what is committed is read at once, in the same turn', async (t, store) => {
    for (let round = 0; round < 20; round++) {
      const before = round === 0 ? undefined : bytes(round - 1)
      t.same(store.reads.get(k('a')), before)
      t.equal(store.reads.range(lowest, highest, 10).length, round === 0 ? 0 : 1)
      const result = await store.commit([{ key: k('a'), value: bytes(round) }])
      t.equal(result, 'durable')
      t.same(store.reads.get(k('a')), bytes(round))
      t.same(store.reads.range(lowest, highest, 10), [{ key: k('a'), value: bytes(round) }])
    }
  })

  test('what is not yet durable is not read', async (t, store) => {
    const done = store.commit([{ key: k('a'), value: bytes(1) }])
    t.equal(store.reads.get(k('a')), undefined)
    t.same(store.reads.range(lowest, highest, 10), [])
    t.equal(await done, 'durable')
  })

  test('a row is removed, an absent one too, and the empty value is a value', async (t, store) => {
    await store.commit([{ key: k('a'), value: bytes() }])
    t.same(store.reads.get(k('a')), bytes())
    const gone = [k('a'), k('b')].map(key => ({ key, value: undefined }))
    t.equal(await store.commit(gone), 'durable')
    t.equal(store.reads.get(k('a')), undefined)
    t.same(store.reads.range(lowest, highest, 10), [])
  })

  test('the last of two rows with one key stands', async (t, store) => {
    const twice: Row[] = [1, 2].map(n => ({ key: k('a'), value: bytes(n) }))
    await store.commit(twice)
    t.same(store.reads.get(k('a')), bytes(2))
    await store.commit([...twice, { key: k('a'), value: undefined }])
    t.equal(store.reads.get(k('a')), undefined)
  })

  test('a range ends with the row that reaches its bytes', async (t, { reads, commit }) => {
    const names = Array.from({ length: 300 }, (_, i) => `r${String(i).padStart(3, '0')}`)
    const rows = names.map((name, i) => ({
      key: k(name),
      value: bytes(...Array(i < 150 ? 1 : 100).fill(7)),
    }))
    await commit(rows)
    const count = (limit: number, bytesMax: number) =>
      reads.range(lowest, highest, limit, bytesMax).length
    t.same([count(10, 1), count(10, 3), count(10, 1000)], [1, 3, 10])
    t.same([count(300, 149), count(300, 150), count(300, 151)], [149, 150, 151])
    t.same([count(300, 1150), count(300, 1151), count(1000, 1e9)], [160, 161, 300])
  })

  test('bytes that were read stay what they were', async (t, store) => {
    await store.commit(['a', 'b'].map(name => ({ key: k(name), value: bytes(7, 8) })))
    const got = store.reads.get(k('a'))!
    const ranged = store.reads.range(lowest, highest, 10)[1]!.value
    t.equal(Object.getPrototypeOf(got), Uint8Array.prototype, 'no Buffer reaches core')
    t.equal(Object.getPrototypeOf(ranged), Uint8Array.prototype)
    await store.commit(['a', 'b'].map(name => ({ key: k(name), value: bytes(1, 2) })))
    t.same(store.reads.get(k('a')), bytes(1, 2))
    t.same([got, ranged], [bytes(7, 8), bytes(7, 8)])
    got[0] = 99
    t.same(store.reads.get(k('a')), bytes(1, 2))
  })

  test('every key and value comes back byte for byte', async (t, store) => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i)
    const every = `\x01${Array.from(all, byte => String.fromCharCode(byte)).join('')}` as RowKey
    const long = `\x01${'\xff'.repeat(8 + 1024)}` as RowKey
    const big = new Uint8Array(2 ** 20 + 3).map((_, i) => (i * 31) >>> 3)
    await store.commit([
      { key: every, value: all },
      { key: long, value: big },
    ])
    t.same(store.reads.get(every), all)
    t.equal(Buffer.compare(store.reads.get(long)!, big), 0)
    const rows = store.reads.range(lowest, highest, 10)
    t.same(
      rows.map(row => row.key),
      [every, long],
    )
    t.equal(Buffer.compare(rows[1]!.value, big), 0)
    t.same(store.reads.get(every), all, 'a large read leaves small ones as they were')
  })

  test('many rows of many sizes, held while others are read and written', async (t, store) => {
    const sizes = fc.array(anySize, { minLength: 40 - edgeSizes.length, maxLength: 280 })
    const property = fc.asyncProperty(sizes, async drawn => {
      const lengths = [...edgeSizes, ...drawn]
      const keys = lengths.map((_, i) => k(String(i).padStart(3, '0')))
      const write = (row: (i: number) => Uint8Array | undefined) =>
        store.commit(keys.map((key, i) => ({ key, value: row(i) })))
      const readAll = () => {
        const got = keys.map(key => store.reads.get(key)!)
        const ranged = store.reads.range(lowest, highest, keys.length).map(row => row.value)
        return [...got, ...ranged]
      }
      const first = lengths.map((length, i) => patterned(i, length))
      const second = lengths.map((length, i) => patterned(i + 500, length))
      t.equal(await write(i => first[i]), 'durable')
      const held = readAll()
      t.equal(await write(i => second[i]), 'durable')
      const heldLater = readAll()
      t.equal(await write(() => undefined), 'durable')
      t.same(otherThan(held, [...first, ...first]), [], 'as they were read')
      t.same(otherThan(heldLater, [...second, ...second]), [], 'the later ones, too')
      // What is written into one of them reaches no other.
      const all = [...held, ...heldLater]
      for (const [i, bytes] of all.entries()) bytes.fill(i % 251)
      const filled = all.map(({ length }, i) => new Uint8Array(length).fill(i % 251))
      t.same(otherThan(all, filled), [], 'no two share a byte')
      return t.passing()
    })
    await fc.assert(property, { numRuns: 5, endOnFailure: true })
  })

  test('a range is what a sorted map says', async (t, store) => {
    const model = new Map<string, Uint8Array>()
    const name = fc.uint8Array({ minLength: 0, maxLength: 3 })
    const key = name.map(tail => k(String.fromCharCode(...tail)))
    const row = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 4 })) })
    const property = fc.asyncProperty(
      fc.array(row, { maxLength: 20 }),
      key,
      key,
      fc.integer({ min: 0, max: 8 }),
      async (drawn, from, to, limit) => {
        const rows = drawn.map(({ key, value }) => ({ key, value: value ?? undefined }))
        if ((await store.commit(rows)) !== 'durable') return false
        for (const { key, value } of rows) value ? model.set(key, value) : model.delete(key)
        const expected = [...model]
          .filter(([key]) => from < key && key < to)
          .sort(([a], [b]) => compareBinary(a, b))
          .slice(0, limit)
          .map(([key, value]) => ({ key, value }))
        t.same(store.reads.range(from, to, limit), expected)
        return t.passing()
      },
    )
    await fc.assert(property, { numRuns: 100 })
  })

  test('a range and a commit of thousands', async (t, store) => {
    const keys = Array.from({ length: 3500 }, (_, i) => k(String(i).padStart(4, '0')))
    t.equal(await store.commit(keys.map(key => ({ key, value: bytes(1) }))), 'durable')
    const found = (limit: number) => store.reads.range(lowest, highest, limit).map(row => row.key)
    t.same(found(Number.POSITIVE_INFINITY), keys)
    t.same(found(2001), keys.slice(0, 2001))
    t.same(found(1000), keys.slice(0, 1000))
  })

  for (const [what, bad] of Object.entries(badRows)) {
    test(`refused as a whole: ${what}`, async (t, store) => {
      await store.commit([{ key: k('a'), value: bytes(1) }])
      const commits = store.commits()
      const good = { key: k('b'), value: bytes(2) }
      t.equal(await store.commit([good, bad, { key: k('a'), value: undefined }]), 'refused')
      t.equal(store.commits(), commits)
      t.same(store.reads.range(lowest, highest, 10), [{ key: k('a'), value: bytes(1) }])
      t.equal(await store.commit([good]), 'durable')
    })
  }

  test('one commit at a time', async (t, store) => {
    const first = store.commit([{ key: k('a'), value: bytes(1) }])
    t.throws(() => store.commit([]), /one commit at a time/)
    t.equal(await first, 'durable')
    t.equal(await store.commit([]), 'durable')
  })

  t.test('the commit number counts every transaction, and lasts', async t => {
    const here = place()
    t.teardown(here.remove)
    let last = 0
    for (let start = 0; start < 3; start++) {
      const store = await here.open()
      t.ok(store.commitsAtStart >= last, 'a start never begins below what was said')
      t.ok(store.commits() >= store.commitsAtStart)
      for (let i = 0; i < 3; i++) {
        const before = store.commits()
        const done = store.commit([{ key: k(`${start}${i}`), value: bytes(i) }])
        t.equal(store.commits(), before, 'what is under way is not counted')
        await done
        t.equal(store.commits(), before + 1)
      }
      last = store.commits()
      t.equal(store.reads.range(lowest, highest, 100).length, 3 * (start + 1))
      await store.close()
    }
  })
}

const badRows: Record<string, Row> = {
  'an empty key': { key: '' as RowKey, value: new Uint8Array(1) },
  'a key too long': { key: `\x01${'k'.repeat(1978)}` as RowKey, value: new Uint8Array(1) },
  'a key that is no binary string': { key: '\x01\u0100' as RowKey, value: new Uint8Array(1) },
  'a key in the store\u2019s own space': { key: '\0commits' as RowKey, value: new Uint8Array(1) },
  'a value that is not bytes': { key: '\x01v' as RowKey, value: 'text' as never },
  'a value that is null': { key: '\x01v' as RowKey, value: null as never },
}

/** Around what buffers, pools and pages hold: 64 B, 2, 4, 8, 16, 64 and 128 KiB. */
const edgeSizes = [0, 1, 64, 2048, 4096, 8192, 16_384, 65_536, 131_072, 300_000].flatMap(size =>
  size < 2 ? [size] : [size - 1, size, size + 1],
)
const anySize = fc.oneof(
  { weight: 8, arbitrary: fc.nat(100) },
  { weight: 8, arbitrary: fc.nat(5000) },
  { weight: 1, arbitrary: fc.nat(200_000) },
)

/** Bytes that differ from those of every other row nearby, at nearly every place. */
function patterned(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = seed * 37 + at * 11 + (at >>> 8)
  return bytes
}

/** Where the rows that were read are not what they should be, or no plain arrays. */
function otherThan(read: readonly Uint8Array[], expected: readonly Uint8Array[]): string[] {
  const wrong = expected.flatMap((bytes, i) => {
    const found = read[i]
    const isPlain = found !== undefined && Object.getPrototypeOf(found) === Uint8Array.prototype
    return isPlain && Buffer.compare(found, bytes) === 0 ? [] : [`${i}: ${bytes.length} bytes`]
  })
  return read.length === expected.length ? wrong : [`${read.length} rows`, ...wrong]
}

const k = (name: string): RowKey => `\x01${name}` as RowKey
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const lowest = '' as RowKey
const highest = '\xff' as RowKey
