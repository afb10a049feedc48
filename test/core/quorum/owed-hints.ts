import t from 'tap'
import { tokenOf } from '../../../src/core/hash.ts'
import type { Instant, Key, NodeId, RequestId } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import { nothingDone } from '../../../src/core/outcome.ts'
import { OwedHints } from '../../../src/core/quorum/owed-hints.ts'
import type { Stored } from '../../../src/core/quorum/put-coordination.ts'
import { nodeHash } from '../../../src/node/hash.ts'
import { copyOf, HintHolder } from '../../helpers/hint-holder.ts'
import { codeOf, TestCluster } from '../../helpers/replicas.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'] as [NodeId, NodeId, NodeId, NodeId]
const at = (ms: number) => ms as Instant

/** The list of node a, which holds keys that b and c own, too. */
function start(putsMax?: number) {
  const holder = new HintHolder<Stored>()
  const placement = { self: a, primaries: () => [a, b, c] }
  const { objects } = holder
  const owed = new OwedHints({ placement: placement as never, objects, putsMax })
  let lastId = 0
  /** A put that was answered: b has not acknowledged it, nor c unless it is `held`. */
  const answered = (key: string, deadline: number, held: readonly NodeId[] = []): RequestId => {
    const token = tokenOf(nodeHash, key as Key)
    objects.merge(token, key as Key, copyOf(key[0] ?? 'k'), undefined)
    const unheld = [a, b, c].filter(node => !held.includes(node))
    const expected = unheld.map(node => ({ node, owner: node }))
    const id = ++lastId as RequestId
    owed.add({ id, token, key: key as Key, deadline: at(deadline), unheld, expected })
    return id
  }
  const says = (from: NodeId, id: RequestId, code?: 'STORE_FULL') => {
    const refused = code && { code, message: 'no', outcome: nothingDone(0) }
    return owed.answered(from, { type: 'stored', id, whole: true, refused })
  }
  const hints = () => {
    holder.flush()
    return [...holder.hints.counts].map(([owner, count]) => `${owner} ${count.hints}`).sort()
  }
  return { owed, answered, says, hints, holder }
}

t.test('late acks take owners out; who is silent to the deadline gets a hint', async t => {
  const { owed, answered, says, hints } = start()
  const id = answered('k', 1000)
  owed.stored(id)
  t.equal(says(b, id), true)
  owed.tick(at(1000))
  t.same(hints(), [], 'its deadline is told to a tenth of a second')
  owed.tick(at(1100))
  t.same(hints(), ['c 1'])
  t.equal(owed.size, 0)
  t.equal(says(c, id), false, 'an answer for nobody')
})

t.test('nothing is owed once all have said so, nor to this node itself', async t => {
  const { owed, answered, says, hints } = start()
  says(b, answered('k', 1000, [c]))
  t.equal(owed.size, 0)
  answered('l', 1000, [b, c])
  t.equal(owed.size, 0)
  owed.tick(at(5000))
  t.same(hints(), [])
})

t.test(
  'who refuses or is lost gets its hint in the next tick, the others may still answer',
  async t => {
    const { owed, answered, says, hints } = start()
    const id = answered('k', 10_000)
    says(b, id, 'STORE_FULL')
    owed.tick(at(20))
    t.same(hints(), ['b 1'])
    answered('l', 10_000)
    owed.lost(c)
    owed.tick(at(40))
    t.same(hints(), ['b 1', 'c 2'])
    t.equal(owed.size, 1, 'b may still say that it has l')
  },
)

t.test('who stands in answers for its owner', async t => {
  const { owed, says, hints, holder } = start()
  const [key, token] = ['k' as Key, tokenOf(nodeHash, 'k' as Key)]
  holder.objects.merge(token, key, copyOf('k'), undefined)
  const expected = [{ node: d, owner: c }]
  const put = { id: 1, token, key, deadline: at(1000), unheld: [b, c], expected }
  owed.add(put)
  owed.tick(at(20))
  t.same(hints(), ['b 1'], 'nobody is waited for')
  says(d, 1)
  owed.add({ ...put, id: 2, unheld: [c] })
  owed.lost(d)
  owed.tick(at(40))
  t.same(hints(), ['b 1', 'c 1'], 'its stand-in is lost')
  t.equal(owed.size, 0)
})

t.test('what is held by then is kept, not what was put', async t => {
  const { owed, answered, holder } = start()
  answered('k', 1000, [c])
  const token = tokenOf(nodeHash, 'k' as Key)
  holder.objects.merge(token, 'k' as Key, copyOf('l'), undefined)
  owed.tick(at(1100))
  t.equal(holder.hints.base(b, token, 'k' as Key)?.siblings.versions.length, 2)
})

t.test('who only stands in keeps what it made if it holds nothing any more', async t => {
  const { owed, hints } = start()
  const [key, token] = ['k' as Key, tokenOf(nodeHash, 'k' as Key)]
  const put = { id: 1, token, key, deadline: at(1000), unheld: [a, b], expected: [] }
  owed.keepNow(put, copyOf('k'))
  t.same(hints(), ['b 1'])
  t.equal(owed.size, 0)
})

t.test('who only stands in keeps what it made beside an older hint for the same owner', async t => {
  const { owed, holder } = start()
  const [key, token] = ['k' as Key, tokenOf(nodeHash, 'k' as Key)]
  holder.objects.keep(b, token, key, copyOf('o'), undefined)
  holder.flush()
  const put = { id: 1, token, key, deadline: at(1000), unheld: [b], expected: [] }
  owed.keepNow(put, copyOf('m'))
  holder.flush()
  const versions = holder.hints.base(b, token, key)?.siblings.versions.map(({ op }) => op)
  t.same(
    versions?.sort(),
    [copyOf('m'), copyOf('o')].map(one => one.siblings.versions[0]?.op),
  )
})

t.test('what it made is below the floor by now: what is held instead', async t => {
  const { owed, holder } = start()
  const { objects, hints } = holder
  const [key, token] = ['k' as Key, tokenOf(nodeHash, 'k' as Key)]
  const partition = objects.generations.partitionOf(token)
  objects.generations.write(partition, { generation: 2, floor: 2, reaped: 0 })
  objects.generations.turn()
  objects.generations.settled()
  objects.merge(token, key, { ...copyOf('n'), generation: 2 }, undefined)
  const put = { id: 1, token, key, deadline: at(1000), unheld: [b], expected: [] }
  owed.keepNow(put, copyOf('m'))
  t.match(hints.base(b, token, key), { generation: 2, siblings: copyOf('n').siblings })
})

t.test('a hint without room is counted, of a put here and of one stood in for', async t => {
  const { owed, answered, hints, holder } = start()
  const [key, token] = ['k' as Key, tokenOf(nodeHash, 'k' as Key)]
  answered('l', 1000, [c])
  holder.flush()
  holder.objects.room.observe({ fresh: 90 * 2 ** 20, inside: 0, reserve: 100 * 2 ** 20 })
  owed.keepNow({ id: 1, token, key, deadline: at(1000), unheld: [b, c], expected: [] }, copyOf('k'))
  t.equal(holder.hints.takeRefused(), 2)
  owed.tick(at(1100))
  t.equal(holder.hints.takeRefused(), 1)
  t.same(hints(), [])
})

t.test('one member that is lost: 256 hints a tick, until all are there', async t => {
  const { owed, answered, hints } = start()
  for (let i = 0; i < 600; i++) answered(`k${i}`, 10_000, [c])
  owed.lost(b)
  for (const [tick, count] of [256, 512, 600].entries()) {
    owed.tick(at(tick * 20))
    t.same(hints(), [`b ${count}`])
  }
  t.equal(owed.size, 0)
})

t.test('past its bound the oldest become hints early, and none is forgotten', async t => {
  const { owed, answered, says, hints } = start(10)
  const ids = Array.from({ length: 30 }, (_, i) => answered(`k${i}`, 1000 + 100 * i, [c]))
  t.equal(owed.size, 10)
  t.same(hints(), ['b 20'], 'at once')
  for (const id of ids.slice(0, 25)) says(b, id)
  t.equal(owed.size, 5)
  owed.tick(at(5000))
  t.same(hints(), ['b 25'])
})

t.test('a long key counts for more', async t => {
  const { owed, answered, hints } = start()
  const long = 'k'.repeat(1024 * 1024)
  for (let i = 0; i < 40; i++) answered(`${i}${long}`, 1000, [c])
  t.equal(owed.size, 31, '32 MiB')
  t.same(hints(), ['b 9'])
})

t.test('a replica that never acknowledges makes nobody busy', async t => {
  const cluster = new TestCluster(3, {}, false)
  const n1 = cluster.node('n1')
  const quiet = ['compare', 'sketch', 'differ', 'fetch', 'round']
  const answers = ({ to, message }: { readonly to: string; readonly message: PeerMessage }) =>
    !quiet.includes(message.type) && !(to === 'n3' && message.type === 'store')
  let [sent, most] = [0, 0]
  const codes = new Map<string, number>()
  // 2,000 puts a second, each with ten seconds: 20,000 of them are owed to n3 at once.
  while (sent < 22_000) {
    for (let i = 0; i < 200; i++) {
      cluster.ask('n1', cluster.put(`k${sent++ % 5000}`, 'v', { timeLeft: 10_000 }))
    }
    cluster.settle(answers)
    for (const reply of n1.replies.splice(0)) {
      const code = codeOf(reply) ?? 'nothing'
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    most = Math.max(most, n1.replica.observe().coordinating)
    cluster.pass(100)
  }
  t.same([...codes], [['wrote', sent]], 'no BUSY')
  t.ok(most < 10, `${most} were under way at once`)
  t.ok(n1.replica.observe().owed > 19_000)
  for (let i = 0; i < 600; i++) {
    cluster.pass(20)
    cluster.settle(answers)
  }
  t.match(n1.replica.observe(), { owed: 0, coordinating: 0, hints: 5000 })
})
