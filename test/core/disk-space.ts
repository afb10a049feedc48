import t from 'tap'
import { spaceOf, UsablePages } from '../../src/core/disk-space.ts'

t.test('room is what the disk has and what is free within the file', async t => {
  const disk = { total: 1000, free: 70 }
  t.same(spaceOf(disk, { used: 500, free: 30 }), { fresh: 70, inside: 30, reserve: 100 })
  const limits = { watermarkBytes: 5, maxStoreBytes: 600 }
  t.same(spaceOf(disk, { used: 500, free: 30 }, limits), { fresh: 15, inside: 30, reserve: 5 })
})

t.test('what the last commit let go of is usable after one more', async t => {
  const pages = new UsablePages()
  t.equal(pages.look({ inside: 100, commits: 0, cost: 0 }), 100, 'as the process found it')
  t.equal(pages.look({ inside: 700, commits: 1, cost: 10 }), 90, 'less what it may have taken')
  t.equal(pages.look({ inside: 700, commits: 1, cost: 10 }), 90, 'however often it is looked at')
  t.equal(pages.look({ inside: 690, commits: 2, cost: 15 }), 690)
  t.equal(pages.look({ inside: 10, commits: 9, cost: 5000 }), 0)
})
