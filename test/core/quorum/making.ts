import t from 'tap'
import { decodeContext } from '../../../src/core/causality/context.ts'
import { pinsMax } from '../../../src/core/causality/pins.ts'
import { decodeRecord } from '../../../src/core/causality/record.ts'
import type { Key } from '../../../src/core/ids.ts'
import { nodeHash } from '../../helpers/hash.ts'
import { ask, begin } from '../../helpers/pins-scenarios.ts'
import { codeOf, contextOf, live, type TestNode } from '../../helpers/replicas.ts'

/** Pins in a node's row of the key. */
function pinsAt({ disk }: TestNode, key: string): number {
  const [row] = [...disk].filter(([name]) => name[0] === '\x10' && name.endsWith(key))
  return decodeRecord(nodeHash, key as Key, row![1])!.siblings.pins.length
}

const secrets = [{ id: 1, key: 'k'.repeat(32) }]

t.test('a second send is pinned, in the record, in copies and in its context', async t => {
  const { cluster, key, owners } = begin()
  const [first, second] = owners
  const put = cluster.put(key, 'VALUE')
  const reply = ask(cluster, first, { ...put, again: true })
  for (const owner of owners) t.equal(pinsAt(owner, key), 1)
  const told = decodeContext(nodeHash, secrets, key as Key, contextOf(reply))
  t.same(told?.seen.pins, [put.op])
  t.match(first.replica.observe().secondSends, { dots: 1, pinned: 1, unasked: 0, unknown: 0 })
  t.match(second.replica.observe().secondSends, { dots: 0 })
})

t.test('a put that ends in doubt is pinned where it was coordinated', async t => {
  const { cluster, key, owners } = begin()
  const [first] = owners
  const put = cluster.put(key, 'VALUE', { timeLeft: 500 })
  ask(cluster, first, put, ({ message }) => message.type !== 'store')
  t.equal(codeOf(first.replies.at(-1)), 'TIMEOUT')
  t.equal(pinsAt(first, key), 1)
})

t.test(
  '255 pins are taken; then a second send that needs a dot is unknown until a round',
  async t => {
    const { cluster, key, owners } = begin()
    const [first] = owners
    let context: Uint8Array | undefined
    for (let i = 0; i < pinsMax; i++) {
      const put = cluster.put(key, `${i}`, { context, generation: 99, again: true })
      cluster.ask(first.id, put)
      cluster.settle()
      context = contextOf(first.replies.at(-1))
      cluster.now = (cluster.now + 1) as typeof cluster.now
      cluster.wall += 1
    }
    t.equal(first.replica.observe().reaping.pins, pinsMax)
    const more = () => cluster.put(key, 'more', { context, generation: 99, again: true })
    const full = cluster.call(first.id, more())
    t.equal(codeOf(full), 'RETRY_EXPIRED')
    t.match(first.replica.observe().secondSends, { dots: pinsMax, full: 1, unknown: 1 })
    t.equal(first.replica.observe().reaping.fullKeys, 1)
    live(cluster, 5000)
    // All but the one whose version is live.
    for (const owner of owners) t.equal(pinsAt(owner, key), 1)
    // A context of before still has them.
    t.equal(codeOf(cluster.call(first.id, more())), 'RETRY_EXPIRED')
    context = contextOf(cluster.call(first.id, cluster.get(key)))
    t.equal(codeOf(cluster.call(first.id, more())), 'wrote')
  },
)
