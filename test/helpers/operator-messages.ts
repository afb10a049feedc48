/** Random messages between an operator and a node about comparing and mending. */
import fc from 'fast-check'
import { node, requestId, small, some, tag, uint48 } from './arbitraries.ts'

const repairs = fc.record({ last: uint48, most: uint48, times: uint48, total: uint48 })

export const operatorMessages = {
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
