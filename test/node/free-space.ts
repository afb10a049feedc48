import { statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { RowKey } from '../../src/core/step.ts'
import { type DiskStat, measureSpace } from '../../src/node/free-space.ts'
import { openStore } from '../../src/node/open-store.ts'
import { newDirectory, optionsFor } from '../helpers/store-place.ts'

const GIB = 2 ** 30
const disk = (totalBytes: number, freeBytes: number) => ({
  statfs: (): DiskStat => ({ bsize: 4096, blocks: totalBytes / 4096, bavail: freeBytes / 4096 }),
})
const noPages = { used: 0, free: 0 }

t.test(
  'the reserve is 10 % of the disk or 1 GiB, whichever is smaller, or what is asked',
  async t => {
    const reserve = (total: number) => measureSpace('/', noPages, disk(total, 0)).reserve
    t.equal(reserve(100 * GIB), GIB)
    t.equal(reserve(GIB), GIB / 10)
    const own = { ...disk(100 * GIB, 0), watermarkBytes: 77 }
    t.equal(measureSpace('/', noPages, own).reserve, 77)
  },
)

t.test('pages that are free within the file are room, and not the disk that is left', async t => {
  const space = measureSpace('/', { used: GIB, free: 4096 * 5 }, disk(100 * GIB, GIB))
  t.match(space, { fresh: GIB, inside: 4096 * 5 })
})

t.test('of a quota the last tenth is the reserve, whatever the disk has', async t => {
  const ample = { ...disk(100 * GIB, 50 * GIB), maxStoreBytes: 1000, watermarkBytes: 10 }
  const above = (used: number) => {
    const { fresh, inside, reserve } = measureSpace('/', { used, free: 0 }, ample)
    return fresh + inside - reserve
  }
  t.equal(above(899), 1)
  t.equal(above(900), 0)
})

t.test('an opened store counts its pages, and deletes make room within the file', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const ample = disk(100 * GIB, 50 * GIB)
  const store = await openStore({ ...optionsFor(directory), ...ample })
  const rows = Array.from({ length: 300 }, (_, i) => ({
    key: `\x01${i}` as RowKey,
    value: new Uint8Array(20_000),
  }))
  const inside = () => store.space().inside
  t.ok(inside() < 2 ** 16)
  await store.commit(rows)
  t.ok(inside() < 2 ** 16, 'all of the file is in use')
  await store.commit(rows.map(({ key }) => ({ key, value: undefined })))
  t.ok(inside() >= 300 * 20_000)
  // What one commit lets go, the one after the next may have.
  for (let i = 0; i < 3; i++) await store.commit([])
  await store.commit(rows.slice(0, 150))
  t.ok(inside() < 160 * 24_576, 'they are used again')
  t.equal(store.space().fresh, 50 * GIB)
  await store.close()
})

t.test('what the last commit let go of is free, and not for the next one', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const store = await openStore(optionsFor(directory))
  const rows = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      key: `\x01${from + i}` as RowKey,
      value: new Uint8Array(20_000),
    }))
  const size = () => statSync(join(directory, 'data.mdb')).size
  await store.commit(rows(0, 100))
  await store.commit(rows(0, 100).map(({ key }) => ({ key, value: undefined })))
  t.ok(store.space().inside > 1_900_000)
  const before = size()
  await store.commit(rows(100, 150))
  t.ok(size() > before + 900_000, 'the file grows although it has room')
  const then = size()
  await store.commit(rows(150, 190))
  t.equal(size(), then, 'the commit after that has what was let go of')
  await store.close()
})
