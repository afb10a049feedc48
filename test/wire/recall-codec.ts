import t from 'tap'
import type { StartId, StoreId } from '../../src/core/ids.ts'
import { decodePeerMessage, encode } from '../../src/wire/message-codec.ts'

t.test('how far a store is, and what was heard of it', async t => {
  const start = 's'.repeat(8) as StartId
  const recall = {
    type: 'recall',
    id: 0,
    store: 't'.repeat(8) as StoreId,
    start,
    began: 2,
  } as const
  const asked = { ...recall, commits: 2 ** 40 }
  const told = { type: 'recalled', id: 0, start, verdict: 'another-store', commits: 7 } as const
  for (const message of [asked, told]) t.same(decodePeerMessage(encode(message)), message)
  const bytes = encode(told)
  // The verdict stands before the last number: there is no fourth one.
  bytes[bytes.length - 2] = 3
  t.match(decodePeerMessage(bytes), { malformed: String })
})
