import t from 'tap'
import { apart, ask, begin, supersede } from '../../helpers/pins-scenarios.ts'
import { codeOf, contextOf, live, valuesOf } from '../../helpers/replicas.ts'

t.test('an owner that knows the operation spares it a second dot', async t => {
  const { cluster, key, owners } = begin()
  const [first, second, third] = owners
  const put = cluster.put(key, 'VALUE')
  // The second owner does not get it, and its own row knows nothing.
  cluster.ask(first.id, put)
  cluster.settle(({ to, message }) => !(to === second.id && message.type === 'store'))
  const again = ask(cluster, second, { ...put, again: true })
  t.equal(again?.type, 'wrote')
  t.same(again?.type === 'wrote' && again.outcome.dot, dotOf(first.replies.at(-1)))
  t.equal(second.replica.observe().secondSends.dots, 0)
  t.equal(second.replica.observe().secondSends.pinned, 1)
  t.same(valuesOf(ask(cluster, third, cluster.get(key, 3))), ['VALUE'])
})

t.test('nothing of what was shown is merged in where nobody knows it', async t => {
  const { cluster, key, owners } = begin()
  const [first, second, third] = owners
  cluster.ask(first.id, cluster.put(key, 'other'))
  cluster.settle(({ to, message }) => !(to !== first.id && message.type === 'store'))
  const put = cluster.put(key, 'VALUE', { again: true, w: 1 })
  cluster.ask(second.id, put)
  cluster.settle(({ message }) => message.type !== 'store')
  const row = [...second.disk].find(([name]) => name.startsWith('\x10'))
  t.ok(row)
  t.notMatch(Buffer.from(row![1]).toString('latin1'), 'other')
  t.equal(second.replica.observe().secondSends.dots, 1)
  live(cluster, 20_000)
  t.same(valuesOf(ask(cluster, third, cluster.get(key, 3))).sort(), ['VALUE', 'other'])
})

t.test('with too few owners: strict makes no dot, sloppy does, and it is counted', async t => {
  const { cluster, key, owners } = begin()
  const [alone] = owners
  const passes = apart(alone)
  const put = { ...cluster.put(key, 'VALUE'), again: true, w: 1, timeLeft: 3000 }
  const strict = ask(cluster, alone, { ...put, strict: true }, passes)
  t.equal(codeOf(strict), 'QUORUM')
  t.equal(strict?.type === 'failed' && strict.failure.outcome.definite, false)
  t.match(alone.replica.observe().secondSends, { dots: 0, unasked: 0, unknown: 1 })
  t.equal(ask(cluster, alone, put, passes)?.type, 'wrote')
  t.match(alone.replica.observe().secondSends, { dots: 1, unasked: 1, unknown: 1 })
})

t.test(
  'a second send that nobody remembers is unknown, and one that is pinned is known',
  async t => {
    const { cluster, key, owners } = begin()
    const [first, second] = owners
    const [kept, lost] = [cluster.put(key, 'kept'), cluster.put(key, 'lost')]
    ask(cluster, first, kept)
    ask(cluster, first, lost)
    ask(cluster, second, { ...kept, again: true })
    supersede(cluster, key, first, 9)
    t.equal(codeOf(ask(cluster, second, { ...lost, again: true })), 'RETRY_EXPIRED')
    t.equal(codeOf(ask(cluster, second, { ...kept, again: true })), 'wrote')
  },
)

t.test("a put's own context never knows its operation, or somebody took another one", async t => {
  const { cluster, key, owners } = begin()
  const [first, second] = owners
  const put = cluster.put(key, 'VALUE')
  ask(cluster, first, put)
  const context = contextOf(ask(cluster, first, cluster.get(key)))
  // What it saw is deleted and reaped: its context alone knows the operation.
  ask(cluster, first, cluster.put(key, undefined, { context, generation: 99 }))
  live(cluster, 30_000)
  t.equal(codeOf(ask(cluster, second, { ...put, context, again: true })), 'RETRY_EXPIRED')
})

function dotOf(reply: Parameters<typeof codeOf>[0]) {
  return reply?.type === 'wrote' ? reply.outcome.dot : undefined
}

t.test('what it holds meanwhile counts against whoever sent it, and is given back', async t => {
  const { cluster, key, owners } = begin()
  const [first, second, third] = owners
  const put = cluster.put(key, 'x'.repeat(10_000))
  cluster.ask(first.id, cluster.put(key, 'y'.repeat(20_000)))
  cluster.settle(({ to, message }) => !(to === second.id && message.type === 'store'))
  const held = () => second.replica.observe().heldBytes
  const envelope = { id: 7, epoch: cluster.epoch, timeLeft: 5000 }
  const forward = { type: 'forward', ...envelope, request: { ...put, again: true } } as const
  second.step({ type: 'message', from: first.id, message: forward })
  t.equal(held(), 10_000, 'the value that another member sent')
  cluster.settle(({ from, message }) => !(from === third.id && message.type === 'held'))
  t.equal(held(), 0, 'one more owner was enough')
})
