import t from 'tap'
import type { Row, RowKey } from '../../src/core/step.ts'
import { Disk } from '../../src/sim/disk.ts'
import { Volume } from '../../src/sim/volume.ts'
import { runStoreContract, type StorePlace, type StoreUnderTest } from '../contracts/store.ts'

/** The disk as the contract wants it: a commit is flushed after a moment. */
function placeOf(): StorePlace {
  const disk = new Disk()
  return {
    open: async (): Promise<StoreUnderTest> => ({
      reads: disk.reads,
      commitsAtStart: disk.commits,
      commits: () => disk.commits,
      commit: rows => {
        if (!disk.begin(rows)) return Promise.resolve('refused')
        return Promise.resolve().then(() => {
          disk.flush()
          return 'durable'
        })
      },
      close: async () => {},
    }),
    remove: () => {},
  }
}

t.test('the contract, as LMDB keeps it', async t => runStoreContract(t, placeOf))

t.test('a crash loses the commit under way as a whole, or keeps it as a whole', async t => {
  for (const keeps of [false, true]) {
    const disk = new Disk()
    disk.begin([row('a', 1)])
    disk.flush()
    disk.begin([row('a', 2), row('b', 2)])
    t.same(disk.reads.get(k('a')), Uint8Array.of(1), 'not visible before it is durable')
    t.equal(disk.unflushed?.length, 2)
    disk.crash(keeps)
    t.same(disk.reads.get(k('a')), Uint8Array.of(keeps ? 2 : 1))
    t.equal(disk.rows.has(k('b')), keeps)
    t.equal(disk.commits, keeps ? 2 : 1)
    t.equal(disk.unflushed, undefined)
    disk.crash(true)
    t.equal(disk.commits, keeps ? 2 : 1, 'nothing was under way')
  }
})

t.test('where it ends, what finds no room is lost, of a crash too', async t => {
  const volume = new Volume(100_000, 40_000)
  const disk = new Disk(volume)
  t.equal(disk.open(), true)
  const large = { key: k('a'), value: new Uint8Array(60_000) }
  disk.begin([large])
  t.equal(disk.flush(), false)
  t.equal(disk.unflushed?.length, 1, 'its process ends')
  t.equal(disk.crash(true), false, 'and nothing of it is kept')
  t.equal(disk.rows.size, 0)
  t.equal(disk.commits, 0)
  const before = disk.copy()
  volume.others = 0
  disk.begin([large])
  t.equal(disk.flush(), true)
  const { end } = volume.pages
  disk.replace(before)
  t.ok(volume.pages.end < end, 'with the directory its file is replaced')
})

t.test('a copy stays what it was, and can take the place of the directory', async t => {
  const disk = new Disk()
  disk.begin([row('a', 1)])
  disk.flush()
  const copy = disk.copy()
  disk.begin([row('a', 2), row('b', 2)])
  disk.flush()
  disk.begin([row('c', 3)])
  disk.replace(copy)
  t.same([...disk.rows], [[k('a'), Uint8Array.of(1)]])
  t.same(
    disk.reads.range('' as RowKey, '\xff' as RowKey, 9).map(({ key }) => key),
    [k('a')],
  )
  t.equal(disk.commits, 1)
  t.equal(disk.unflushed, undefined)
})

t.test('rot turns one bit over, in this directory only', async t => {
  const disk = new Disk()
  disk.begin([row('a', 0)])
  disk.flush()
  const copy = disk.copy()
  disk.rot(k('a'), 3)
  t.same(disk.reads.get(k('a')), Uint8Array.of(8))
  t.same(copy.rows.get(k('a')), Uint8Array.of(0))
})

const k = (name: string): RowKey => `\x01${name}` as RowKey
const row = (name: string, value: number): Row => ({ key: k(name), value: Uint8Array.of(value) })
