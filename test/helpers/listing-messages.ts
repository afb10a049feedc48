/** Random messages of listings. */
import fc from 'fast-check'
import type { Epoch, Partition, RequestId, Token } from '../../src/core/ids.ts'
import type { Failure } from '../../src/core/outcome.ts'
import { binary, bytes, id, key, line, requestId, some, tag, uint48 } from './arbitraries.ts'

type Envelope = {
  readonly id: fc.Arbitrary<RequestId>
  readonly epoch: fc.Arbitrary<Epoch>
  readonly timeLeft: fc.Arbitrary<number>
}

export const listingMessages = (envelope: Envelope, failure: fc.Arbitrary<Failure>) => ({
  list: fc.record({
    type: tag('list'),
    ...envelope,
    after: binary(0, 1032),
    last: fc.nat(65_535) as fc.Arbitrary<Partition>,
    prefix: binary(0, 1024),
    limit: uint48,
  }),
  listed: fc.record({
    type: tag('listed'),
    id: requestId,
    rows: fc.array(
      fc.record({ token: id<Token>(8), key, live: fc.boolean(), object: some(bytes) }),
      { maxLength: 20 },
    ),
    upTo: some(binary(0, 1032)),
    counts: bytes,
    refused: some(failure),
  }),
  scan: fc.record({
    type: tag('scan'),
    ...envelope,
    prefix: binary(0, 1024),
    after: binary(0, 1032),
    limit: uint48,
    partial: fc.boolean(),
  }),
  page: fc.record({
    type: tag('page'),
    id: requestId,
    keys: fc.array(key, { maxLength: 20 }),
    cursor: some(binary(0, 1032)),
    missing: some(
      fc.record({
        partitions: fc.nat(65_536),
        first: fc.nat(65_535),
        last: fc.nat(65_535),
        why: line(300),
      }),
    ),
  }),
})
