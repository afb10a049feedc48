import t from 'tap'
import { withIntent } from '../../src/cluster/cluster-file.ts'
import { ClusterRecord } from '../../src/cluster/cluster-record.ts'
import { newClusterFile } from '../../src/cluster/settings.ts'
import type { ClusterFile, Intent } from '../../src/core/config.ts'

const made = newClusterFile('demo', { nodes: 3 }, 4700, 0)
const set = (intent: Intent) => (file: ClusterFile) => withIntent(file, 'n1', intent)
const intentIn = (file: ClusterFile | undefined) => file?.nodes[0]?.intent

/** A record on a disk that a test fills and empties. */
function onDisk() {
  const disk: { full: boolean; file: ClusterFile | undefined } = { full: false, file: undefined }
  const reports: string[] = []
  const write = async (file: ClusterFile) => {
    if (disk.full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    disk.file = file
  }
  const record = new ClusterRecord(made, write, event => reports.push(event))
  return { record, disk, reports }
}

t.test(
  'what cannot be written holds, is said once, and is written as soon as it can be',
  async t => {
    const { record, disk, reports } = onDisk()
    disk.full = true
    await record.change(set('stopped'))
    await record.change(set('killed'))
    t.equal(intentIn(record.file), 'killed')
    t.equal(disk.file, undefined)
    t.same(reports, ['no-record'])
    disk.full = false
    while (disk.file === undefined) await new Promise(resolve => setTimeout(resolve, 20))
    t.equal(intentIn(disk.file), 'killed')
    t.same(reports, ['no-record', 'recorded'])
    await record.close()
  },
)

t.test('the end gets a last try, and leaves no timer behind', async t => {
  const { record, disk } = onDisk()
  disk.full = true
  await record.change(set('stopped'))
  disk.full = false
  await record.close()
  t.equal(intentIn(disk.file), 'stopped')
  const hopeless = onDisk()
  hopeless.disk.full = true
  await hopeless.record.change(set('stopped'))
  await hopeless.record.close()
  t.equal(hopeless.disk.file, undefined)
})

t.test('what must be written is an error otherwise, and changes nothing', async t => {
  const { record, disk } = onDisk()
  disk.full = true
  await t.rejects(record.mustChange(set('killed')), { code: 'ENOSPC' })
  t.equal(intentIn(record.file), 'up')
  disk.full = false
  await record.mustChange(set('killed'))
  t.equal(intentIn(disk.file), 'killed')
  await record.close()
})
