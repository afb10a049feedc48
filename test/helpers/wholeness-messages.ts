/** Random messages of how far stores are, and whether they are whole. */
import fc from 'fast-check'
import type { StartId, StoreId } from '../../src/core/ids.ts'
import { verdicts } from '../../src/core/wholeness/lives.ts'
import { id, node, nodes, requestId, some, tag, uint48 } from './arbitraries.ts'

export const wholenessMessages = {
  recall: fc.record({
    type: tag('recall'),
    id: requestId,
    store: id<StoreId>(8),
    start: id<StartId>(8),
    began: uint48,
    commits: uint48,
  }),
  recalled: fc.record({
    type: tag('recalled'),
    id: requestId,
    start: id<StartId>(8),
    verdict: fc.constantFrom(...verdicts),
    commits: uint48,
  }),
  wholeness: fc.record({ type: tag('wholeness'), id: requestId, acceptLoss: some(node) }),
  'wholeness-is': fc.record({
    type: tag('wholeness-is'),
    id: requestId,
    node,
    whole: fc.boolean(),
    unwhole: fc.nat(65_536),
    waitsFor: nodes,
    helped: fc.nat(65_536),
  }),
}
