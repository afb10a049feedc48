import t from 'tap'
import { entryOf, siblingsOf } from '../../src/client/entry.ts'
import { KvError, refusal } from '../../src/client/errors.ts'
import { randomBinary } from '../../src/client/random-pool.ts'
import type { Actor, NodeId } from '../../src/core/ids.ts'
import type { GetReply, ShownVersion } from '../../src/core/message.ts'
import { nothingDone } from '../../src/core/outcome.ts'
import { explainedOf } from '../helpers/explained.ts'
import { opOf } from '../helpers/session-world.ts'

const version = (counter: number, value: Uint8Array | undefined): ShownVersion => ({
  dot: { actor: 'actor-01' as Actor, counter },
  op: opOf(counter),
  value,
  at: 5,
  via: 'n1' as NodeId,
})
const reply = (...versions: ShownVersion[]): GetReply => ({
  type: 'got',
  id: 1,
  versions,
  context: Uint8Array.of(9),
  generation: 0,
  outcome: nothingDone(2),
  explained: undefined,
})
const value = Uint8Array.of(1)

t.test('nothing and only tombstones are not found, with the context', async t => {
  for (const versions of [
    [],
    [version(1, undefined)],
    [version(1, undefined), version(2, undefined)],
  ]) {
    const entry = entryOf(reply(...versions))
    t.match(entry, { found: false, context: Uint8Array.of(9) })
    t.same(siblingsOf(entry), [])
  }
})

t.test('one value is found, the empty one too', async t => {
  const entry = entryOf(reply(version(1, new Uint8Array())))
  t.match(entry, { found: true, conflict: false, value: new Uint8Array(), at: 5, via: 'n1' })
  t.match(siblingsOf(entry), [{ deleted: false, dot: { counter: 1 } }])
})

t.test('several are a conflict, a tombstone beside a value among them', async t => {
  const entry = entryOf(reply(version(1, value), version(2, undefined)))
  t.match(entry, { found: true, conflict: true, siblings: [{ deleted: false }, { deleted: true }] })
  t.equal(siblingsOf(entry).length, 2)
})

t.test('each of them says what the coordinator did, where that was asked for', async t => {
  const explained = explainedOf('100 n4 nothing')
  for (const versions of [[], [version(1, value)], [version(1, value), version(2, value)]]) {
    t.equal(entryOf({ ...reply(...versions), explained }).explained, explained)
    t.equal(entryOf(reply(...versions)).explained, undefined)
  }
})

t.test('the error carries code, outcome and cause', async t => {
  const cause = new Error('below')
  t.match(refusal('DENIED', 'no', cause), { code: 'DENIED', message: 'no', definite: true, cause })
  const outcome = { ...nothingDone(2), definite: false }
  const error = new KvError({ code: 'TIMEOUT', message: 'late', outcome })
  t.match(error, { name: 'KvError', definite: false, outcome })
  t.notOk('cause' in error)
})

t.test('random bytes are never handed out twice', async t => {
  const seen = new Set<string>()
  for (let i = 0; i < 2000; i++) seen.add(randomBinary(7))
  t.equal(seen.size, 2000)
  t.equal(randomBinary(4096).length, 4096)
})
