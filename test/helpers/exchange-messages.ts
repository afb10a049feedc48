/** Random messages of exchanges, and copies as handoff sends them too. */
import fc from 'fast-check'
import { exchangeStates } from '../../src/core/entropy/exchange-message.ts'
import type { Token } from '../../src/core/ids.ts'
import { binary, bytes, id, key, requestId, some, tag, uint48 } from './arbitraries.ts'

export const handed = fc.record({
  key,
  token: id<Token>(8),
  object: bytes,
  generation: uint48,
  time: uint48,
})

const tooLarge = fc.array(fc.record({ key, bytes: uint48 }), { maxLength: 9 })
const uint32 = fc.nat(2 ** 32 - 1)
const asked = { id: requestId, epoch: uint32, cut: uint32, age: uint32, level: fc.nat(48) }
const told = {
  id: requestId,
  state: fc.constantFrom(...exchangeStates),
  foreground: uint48,
}

export const exchangeMessages = {
  compare: fc.record({
    type: tag('compare'),
    ...asked,
    sum: binary(0, 8),
    nodes: bytes,
  }),
  sketch: fc.record({
    type: tag('sketch'),
    ...asked,
    nodes: bytes,
    leaves: fc.nat(48),
    cells: fc.nat(65_536),
  }),
  compared: fc.record({ type: tag('compared'), ...told, wall: some(uint32), entries: bytes }),
  differ: fc.record({
    type: tag('differ'),
    ...asked,
    held: fc.array(fc.record({ key, known: bytes }), { maxLength: 9 }),
    wanted: bytes,
  }),
  differing: fc.record({
    type: tag('differing'),
    ...told,
    copies: fc.array(handed, { maxLength: 9 }),
    wants: fc.array(fc.nat(65_536), { maxLength: 9 }),
    heldDone: fc.nat(65_536),
    nodesDone: fc.nat(65_536),
    tooLarge,
  }),
  fetch: fc.record({
    type: tag('fetch'),
    id: requestId,
    epoch: uint32,
    partitions: fc.array(fc.nat(65_535), { maxLength: 9 }),
    after: binary(0, 1032),
    bytes: uint32,
  }),
  fetched: fc.record({
    type: tag('fetched'),
    ...told,
    copies: fc.array(handed, { maxLength: 9 }),
    done: fc.nat(1024),
    after: binary(0, 1032),
    tooLarge,
  }),
}
