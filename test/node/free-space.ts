import t from 'tap'
import type { RowKey } from '../../src/core/step.ts'
import { type DiskStat, measureSpace } from '../../src/node/free-space.ts'
import { openStore } from '../../src/node/open-store.ts'
import { newDirectory, optionsFor } from '../helpers/store-place.ts'

const GIB = 2 ** 30
const disk = (totalBytes: number, freeBytes: number) => ({
  statfs: (): DiskStat => ({ bsize: 4096, blocks: totalBytes / 4096, bavail: freeBytes / 4096 }),
})

t.test('full is below 10 % or 1 GiB, whichever is smaller', async t => {
  const full = (total: number, free: number) => measureSpace('/', 0, disk(total, free), false).full
  t.equal(full(100 * GIB, GIB), false)
  t.equal(full(100 * GIB, GIB - 4096), true)
  t.equal(full(4096 * 1000, 4096 * 100), false)
  t.equal(full(4096 * 1000, 4096 * 99), true)
})

t.test('a full disk is free again only above the mark', async t => {
  const full = (free: number) => measureSpace('/', 0, disk(100 * GIB, free), true).full
  t.equal(full(GIB), true)
  t.equal(full(1.06 * GIB), false)
})

t.test('the watermark and the quota can be set', async t => {
  const ample = disk(100 * GIB, 50 * GIB)
  t.equal(measureSpace('/', 0, { ...ample, watermarkBytes: 51 * GIB }, false).full, true)
  t.equal(measureSpace('/', 899, { ...ample, maxStoreBytes: 1000 }, false).full, false)
  t.equal(measureSpace('/', 900, { ...ample, maxStoreBytes: 1000 }, false).full, true)
})

t.test('an opened store knows its pages in use, and gets them back by deletes', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const store = await openStore({ ...optionsFor(directory), maxStoreBytes: 2 ** 20 })
  const rows = Array.from({ length: 300 }, (_, i) => ({
    key: `\x01${i}` as RowKey,
    value: new Uint8Array(4000),
  }))
  const before = store.space()
  t.equal(before.full, false)
  t.ok(before.freeBytes > 0)
  await store.commit(rows)
  t.ok(store.space().bytes > 2 ** 20)
  t.equal(store.space().full, true)
  await store.commit(rows.map(({ key }) => ({ key, value: undefined })))
  t.ok(store.space().bytes < 2 ** 17)
  t.equal(store.space().full, false)
  await store.close()
})
