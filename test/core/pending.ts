import t from 'tap'
import { bytesOf } from '../../src/core/binary.ts'
import { Pending } from '../../src/core/pending.ts'
import type { CommitId, RowKey } from '../../src/core/step.ts'

const key = (name: string) => name as RowKey
const row = (text: string) => ({ bytes: bytesOf(text), meaning: text })
const durable = (commit: number) =>
  ({ type: 'stored', commit: commit as CommitId, result: 'durable' }) as const

t.test('one commit for all rows of a turn; the next gathers behind it', async t => {
  const pending = new Pending<string, string>()
  t.equal(pending.turn(), undefined, 'nothing gathered')
  pending.write(key('a'), row('a1'), 'first')
  pending.write(key('b'), row('b1'), 'second')
  const commit = pending.turn()
  if (commit?.type !== 'commit') throw new Error('no commit')
  t.equal(commit.rows.length, 2)
  pending.write(key('a'), row('a2'), 'third')
  t.equal(pending.turn(), undefined, 'one at a time')
  t.same(pending.settle(durable(1)), ['first', 'second'])
  const next = pending.turn()
  if (next?.type !== 'commit') throw new Error('no commit')
  t.same(next.rows, [{ key: 'a', value: bytesOf('a2') }])
  t.same(pending.settle(durable(2)), ['third'])
  t.equal(pending.commits, 2)
  t.equal(pending.rows, 3)
})

t.test('the overlay shows the newest value until it is durable', async t => {
  const pending = new Pending<string, string>()
  pending.write(key('a'), row('a1'), '')
  pending.turn()
  t.equal(pending.read(key('a'))?.meaning, 'a1')
  pending.write(key('a'), row('a2'), '')
  t.equal(pending.read(key('a'))?.meaning, 'a2')
  pending.settle(durable(1))
  t.equal(pending.read(key('a'))?.meaning, 'a2')
  pending.turn()
  pending.settle(durable(2))
  t.equal(pending.read(key('a')), undefined)
})

t.test('a follower comes back with the commit that holds what it waits for', async t => {
  const pending = new Pending<string, string>()
  t.equal(pending.follow(key('a'), 'none'), false)
  pending.write(key('a'), row('a1'), 'write')
  t.equal(pending.follow(key('a'), 'gathering'), true)
  pending.turn()
  t.equal(pending.follow(key('a'), 'under way'), true)
  t.same(pending.settle(durable(1)), ['write', 'gathering', 'under way'])
})

t.test('bytes are counted until they are durable', async t => {
  const pending = new Pending<string, string>()
  pending.write(key('a'), row('12345'), '')
  pending.write(key('a'), row('123'), '')
  t.equal(pending.bytes, 3)
  pending.turn()
  pending.write(key('b'), row('12'), '')
  t.equal(pending.bytes, 5)
  pending.settle(durable(1))
  t.equal(pending.bytes, 2)
})

t.test('an answer to another commit is a broken invariant', async t => {
  const pending = new Pending<string, string>()
  t.throws(() => pending.settle(durable(1)))
  pending.write(key('a'), row('a'), '')
  pending.turn()
  t.throws(() => pending.settle(durable(2)))
})

t.test(
  'a row that is removed: the overlay says so, the commit too, and nothing of it is bytes',
  async t => {
    const pending = new Pending<string, string>()
    const gone = { bytes: undefined, meaning: undefined }
    pending.write(key('a'), row('12345'), 'written')
    pending.write(key('a'), gone)
    t.equal(pending.bytes, 0)
    t.same(pending.read(key('a')), gone, 'known to be going, not unknown')
    t.equal(pending.follow(key('a'), 'follower'), true)
    t.match(pending.turn(), { rows: [{ key: 'a', value: undefined }] })
    pending.write(key('a'), row('123'))
    t.equal(pending.read(key('a'))?.meaning, '123', 'written again behind it')
    t.same(pending.settle(durable(1)), ['written', 'follower'])
    t.equal(pending.bytes, 3)
    t.match(pending.turn(), { rows: [{ key: 'a', value: bytesOf('123') }] })
    pending.settle(durable(2))
    t.equal(pending.read(key('a')), undefined)
    t.equal(pending.bytes, 0)
  },
)
