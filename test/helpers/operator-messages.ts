/** Random messages between an operator and a node about comparing and mending. */
import fc from 'fast-check'
import { repairModes, unprovedWhys } from '../../src/core/entropy/repair-message.ts'
import type { Token } from '../../src/core/ids.ts'
import {
  binary,
  id,
  key,
  line,
  node,
  nodes,
  requestId,
  small,
  some,
  tag,
  uint48,
} from './arbitraries.ts'

const repairs = fc.record({ last: uint48, most: uint48, times: uint48, total: uint48 })

const way = fc.constantFrom(...repairModes)
const counts = fc.array(fc.tuple(node, uint48), { maxLength: 5 })
const rate = some(uint48.map(n => Math.max(1, n)))
const range = fc.tuple(id<Token>(8), id<Token>(8)).map(([a, b]) => {
  return a < b ? { first: a, last: b } : { first: b, last: a }
})

export const operatorMessages = {
  count: fc.record({ type: tag('count'), id: requestId, after: binary(0, 1032) }),
  'counts-are': fc.record({
    type: tag('counts-are'),
    id: requestId,
    node,
    keys: uint48,
    bytes: uint48,
    tombstones: uint48,
    tombstoneBytes: uint48,
    siblings: uint48,
    damaged: uint48,
    next: some(binary(0, 1032)),
  }),
  repair: fc.record({
    type: tag('repair'),
    id: requestId,
    job: line(32),
    begin: some(
      fc.record({
        way,
        ranges: fc.array(range, { maxLength: 5 }),
        node: some(node),
        silent: nodes,
        concurrency: uint48.map(n => Math.max(1, n)),
        keysPerSecond: rate,
        bytesPerSecond: rate,
      }),
    ),
    cancel: fc.boolean(),
    movesFrom: uint48,
  }),
  'repair-is': fc.record({
    type: tag('repair-is'),
    id: requestId,
    node,
    progress: some(
      fc.record({
        job: line(32),
        way,
        running: fc.boolean(),
        ms: uint48,
        partitions: uint48,
        done: uint48,
        keys: uint48,
        copies: uint48,
        bytes: uint48,
        compared: uint48,
        perNode: counts,
        unproved: fc.array(
          fc.record({ by: node, node, partitions: uint48, why: fc.constantFrom(...unprovedWhys) }),
          { maxLength: 9 },
        ),
        rows: uint48,
        damaged: uint48,
        drifted: uint48,
        moves: fc.array(fc.record({ key, from: node, to: node, bytes: uint48 }), { maxLength: 9 }),
        movesTotal: uint48,
        tooLarge: fc.array(fc.record({ key, bytes: uint48 }), { maxLength: 9 }),
      }),
    ),
  }),
  exchange: fc.record({ type: tag('exchange'), id: requestId, pause: some(fc.boolean()) }),
  'exchange-is': fc.record({
    type: tag('exchange-is'),
    id: requestId,
    node,
    paused: fc.boolean(),
    ready: fc.boolean(),
    pairs: fc.array(
      fc.record({
        peer: node,
        shared: small,
        equalAt: uint48,
        repairs,
        running: some(fc.record({ ms: uint48, repaired: uint48 })),
        failures: uint48,
      }),
      { maxLength: 5 },
    ),
    runs: fc.array(
      fc.record({
        peer: node,
        first: small,
        last: small,
        partitions: small,
        equalAt: uint48,
        repairs,
      }),
      { maxLength: 5 },
    ),
    left: uint48,
  }),
}
