import t from 'tap'
import { newDirectory } from '../helpers/store-place.ts'
import { soakKillTree } from '../soak/kill-tree.ts'

process.umask(0o077)
t.setTimeout(600_000)

t.test('20 kill -9 at random instants: the stored tree is the recomputed one', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const report = await soakKillTree(directory, 20, line => t.comment(line))
  t.same(report.wrong, [])
  t.ok(report.marked > 20, `${report.marked} blocks were counted again`)
  t.ok(report.objects > 500, `${report.objects} objects, ${report.blocks} blocks`)
})
