import fc from 'fast-check'
import t from 'tap'
import type { Row, RowKey } from '../../src/core/step.ts'
import { keyBytes, openEnvironment, readFileSpace } from '../../src/node/lmdb-environment.ts'
import { commit, noPages, type Pages, pageBytes, usedAndFree } from '../../src/sim/data-file.ts'
import { Draws } from '../../src/sim/draw.ts'
import { newDirectory } from '../helpers/store-place.ts'

type Load = { readonly bytesMax: number; readonly keys: number; readonly rowsMax: number }

/** Commits that write and overwrite rows, then for a while only remove some, then write again. */
function* commitsOf({ bytesMax, keys, rowsMax }: Load, count: number): Generator<readonly Row[]> {
  const draw = new Draws(7).of('pages', `${bytesMax} ${keys}`)
  const names = Array.from({ length: keys }, (_, i) => `\x10${draw.bytes(8)}k${i}` as RowKey)
  for (let i = 0; i < count; i++) {
    const removes = i > count / 2 && i < (count * 2) / 3
    const rows = new Map<RowKey, Row>()
    for (let left = draw.between(1, rowsMax); left > 0; left--) {
      const key = draw.pick(names)
      const value = removes || draw.permille(200) ? undefined : new Uint8Array(draw.below(bytesMax))
      rows.set(key, { key, value })
    }
    yield [...rows.values()]
  }
}

t.test('a file has about the pages that LMDB has for the same commits', async t => {
  for (const load of [
    { bytesMax: 300, keys: 2000, rowsMax: 5 },
    { bytesMax: 6000, keys: 300, rowsMax: 20 },
    { bytesMax: 60_000, keys: 50, rowsMax: 3 },
  ]) {
    const { directory, remove } = newDirectory()
    const environment = openEnvironment(directory, 'committed')
    let pages = noPages
    let number = 0
    for (const rows of commitsOf(load, 300)) {
      for (const { key, value } of rows) {
        if (value === undefined) environment.remove(keyBytes(key))
        else environment.put(keyBytes(key), value)
      }
      // A commit of nothing would be none.
      const own = { key: '\x01' as RowKey, value: Uint8Array.of(number & 255) }
      await environment.put(keyBytes(own.key), own.value)
      environment.resetReadTxn()
      pages = commit(pages, [...rows, own])
      if (++number % 50 > 0) continue
      const real = readFileSpace(environment)
      const { used, free } = usedAndFree(pages)
      const what = `${load.bytesMax} bytes, commit ${number}`
      t.ok(isNear(used, real.used), `${what}: ${used} used, and LMDB ${real.used}`)
      t.ok(isNear(used + free, real.used + real.free), `${what}: ${used + free} in all`)
    }
    await environment.close()
    remove()
  }
})

/** Within a fifth, or 20 pages. */
function isNear(bytes: number, real: number): boolean {
  return Math.abs(bytes - real) <= Math.max(real / 5, 20 * pageBytes)
}

t.test('each page is in one place', async t => {
  const row = fc.record({ name: fc.nat(40), bytes: fc.option(fc.nat(20_000), { nil: undefined }) })
  const property = fc.property(fc.array(fc.array(row, { maxLength: 12 })), commits => {
    let pages = noPages
    for (const rows of commits) {
      const byKey = new Map(rows.map(one => [one.name, rowOf(one)]))
      pages = commit(pages, [...byKey.values()])
      const all = placesOf(pages).sort((a, b) => a - b)
      if (all.length !== pages.end - noPages.end) return false
      if (all.some((page, i) => page !== i + noPages.end)) return false
    }
    return true
  })
  t.equal(fc.check(property).failed, false)
})

t.test('a commit takes pages before it lets any go, which the next one has not yet', async t => {
  const first = commit(noPages, [rowOf({ name: 1, bytes: 40_000 })])
  const second = commit(first, [rowOf({ name: 1, bytes: 40_000 })])
  t.ok(second.end >= first.end + 10, 'both are there for a moment')
  const third = commit(second, [rowOf({ name: 1, bytes: 40_000 })])
  t.ok(third.end >= second.end + 10)
  let later = third
  for (let i = 0; i < 20; i++) later = commit(later, [rowOf({ name: 1, bytes: 40_000 })])
  t.ok(later.end < third.end + 20, 'from then on they are used in turn')
})

function rowOf({ name, bytes }: { name: number; bytes: number | undefined }): Row {
  const key = `\x10row ${name}` as RowKey
  return { key, value: bytes === undefined ? undefined : new Uint8Array(bytes) }
}

function placesOf({ leaves, branches, aside, free, letGo }: Pages): number[] {
  const ofLeaves = leaves.flatMap(({ page, items }) => [page, ...items.flatMap(one => one.pages)])
  return [...ofLeaves, ...branches, ...aside, ...free, ...letGo]
}
