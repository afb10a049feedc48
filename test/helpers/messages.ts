/** Random messages of every type. A message without an arbitrary does not compile. */
import fc from 'fast-check'
import type { Dot } from '../../src/core/causality/version-vector.ts'
import { explainedWhats } from '../../src/core/explained.ts'
import type { Actor, Epoch, OpId, StartId, StoreId, Token } from '../../src/core/ids.ts'
import { memberStatuses } from '../../src/core/membership/beliefs.ts'
import { codes, type Failure, type Outcome } from '../../src/core/outcome.ts'
import { type RepairMode, repairModes } from '../../src/core/quorum/repair-mode.ts'
import { roundSteps } from '../../src/core/reaping/round-message.ts'
import type { AnyMessage } from '../../src/wire/tags.ts'
import {
  binary,
  bytes,
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
import { exchangeMessages, handed } from './exchange-messages.ts'
import { listingMessages } from './listing-messages.ts'
import { operatorMessages } from './operator-messages.ts'
import { wholenessMessages } from './wholeness-messages.ts'

type Arbitraries = {
  readonly [Type in AnyMessage['type']]: fc.Arbitrary<Extract<AnyMessage, { type: Type }>>
}

const dot: fc.Arbitrary<Dot> = fc.record({
  actor: id<Actor>(8),
  counter: uint48.map(n => Math.max(1, n)),
})
const outcome: fc.Arbitrary<Outcome> = fc.record({
  primaryAcks: nodes,
  fallbackAcks: nodes,
  needed: small,
  hinted: nodes,
  repaired: nodes,
  unrepaired: fc.boolean(),
  definite: fc.boolean(),
  dot: some(dot),
  op: some(id<OpId>(12)),
})
const failure: fc.Arbitrary<Failure> = fc.record(
  { code: fc.constantFrom(...codes), message: line(300), outcome, floor: uint48, time: uint48 },
  { requiredKeys: ['code', 'message', 'outcome'], noNullPrototype: true },
)
const envelope = { id: requestId, epoch: id<Epoch>(8), timeLeft: uint48 }
const put = fc.record({
  type: tag('put'),
  ...envelope,
  key,
  value: some(bytes),
  context: some(bytes),
  op: id<OpId>(12),
  again: fc.boolean(),
  generation: uint48,
  w: some(small),
  strict: fc.boolean(),
  explain: fc.boolean(),
})
const repair: fc.Arbitrary<RepairMode> = fc.oneof(
  fc.constantFrom(...repairModes),
  fc.nat(1_000_000).map(n => n / 1_000_000),
)
const explained = some(
  fc.record({
    coordinator: node,
    token: id<Token>(8),
    partition: fc.nat(65_535),
    primaries: nodes,
    fallbacks: nodes,
    steps: fc.array(
      fc.record({
        atMicros: uint48,
        node,
        what: fc.constantFrom(...explainedWhats),
        detail: line(64),
      }),
      { maxLength: 9 },
    ),
  }),
)
const wrote = fc.record({
  type: tag('wrote'),
  id: requestId,
  context: bytes,
  newest: some(id<OpId>(12)),
  siblings: uint48,
  generation: uint48,
  outcome,
  explained,
})
const faultRules = fc.array(
  fc.record({
    peer: node,
    direction: fc.constantFrom('in' as const, 'out' as const),
    drop: fc.nat(1_000_000).map(n => n / 1_000_000),
    delayMs: fc.nat(60_000),
    jitterMs: fc.nat(60_000),
    rate: some(uint48.map(n => Math.max(1, n))),
  }),
  { maxLength: 10 },
)
const skewMs = fc.integer({ min: -315_360_000_000, max: 315_360_000_000 })
const failed = fc.record({ type: tag('failed'), id: requestId, failure, explained })

const section = <Value>(value: fc.Arbitrary<Value>) => fc.record({ at: uint48, value })
const digest = fc.array(fc.record({ id: node, incarnation: uint48, heartbeat: uint48 }), {
  maxLength: 20,
})
const deltas = fc.array(
  fc.record({
    id: node,
    incarnation: uint48,
    heartbeat: uint48,
    since: uint48,
    profile: some(
      section(
        fc.record({
          host: line(253),
          port: fc.nat(65_535),
          store: id<StoreId>(8),
          start: id<StartId>(8),
          status: fc.constantFrom('alive' as const, 'left' as const),
        }),
      ),
    ),
    load: some(section(fc.record({ keys: uint48, full: fc.boolean() }))),
    accusations: some(
      section(fc.array(fc.record({ node, incarnation: uint48 }), { maxLength: 32 })),
    ),
  }),
  { maxLength: 10 },
)
const views = {
  id: requestId,
  epoch: id<Epoch>(8),
  view: some(
    fc.array(
      fc.record({
        id: node,
        removed: fc.boolean(),
        version: uint48,
        weight: fc.integer({ min: 1, max: 4096 }).map(units => units / 64),
        zone: line(64),
        key: some(bytes),
        statement: some(bytes),
      }),
      { maxLength: 10 },
    ),
  ),
}

export const messages = {
  ...listingMessages(envelope, failure),
  store: fc.record({
    type: tag('store'),
    ...envelope,
    key,
    token: id<Token>(8),
    object: bytes,
    generation: uint48,
    time: uint48,
    owner: some(node),
  }),
  handoff: fc.record({
    type: tag('handoff'),
    ...envelope,
    copies: fc.array(handed, { maxLength: 9 }),
  }),
  handed: fc.record({
    type: tag('handed'),
    id: requestId,
    whole: fc.boolean(),
    foreground: uint48,
    refused: some(failure),
    left: fc.array(fc.nat(65_536), { maxLength: 9 }),
  }),
  ...exchangeMessages,
  ...operatorMessages,
  ...wholenessMessages,
  stored: fc.record({
    type: tag('stored'),
    id: requestId,
    whole: fc.boolean(),
    refused: some(failure),
  }),
  read: fc.record({
    type: tag('read'),
    ...envelope,
    key,
    token: id<Token>(8),
    full: fc.boolean(),
  }),
  held: fc.record({
    type: tag('held'),
    id: requestId,
    whole: fc.boolean(),
    generation: uint48,
    digest: binary(0, 64),
    object: some(bytes),
    refused: some(failure),
  }),
  forward: fc.record({ type: tag('forward'), ...envelope, request: put }),
  forwarded: fc.record({
    type: tag('forwarded'),
    id: requestId,
    reply: fc.oneof(wrote, failed),
  }),
  syn: fc.record({
    type: tag('syn'),
    ...views,
    digest: fc.record({ entries: digest, complete: fc.boolean() }),
  }),
  'syn-ack': fc.record({ type: tag('syn-ack'), ...views, deltas, wants: digest }),
  ack: fc.record({ type: tag('ack'), ...views, deltas }),
  ping: fc.record({ type: tag('ping'), id: requestId }),
  pong: fc.record({ type: tag('pong'), id: requestId }),
  'ping-for': fc.record({ type: tag('ping-for'), id: requestId, node }),
  'pong-for': fc.record({ type: tag('pong-for'), id: requestId, node }),
  get: fc.record({
    type: tag('get'),
    ...envelope,
    key,
    r: some(small),
    strict: fc.boolean(),
    repair: some(repair),
    explain: fc.boolean(),
  }),
  put,
  inspect: fc.record({ type: tag('inspect'), ...envelope, key }),
  view: fc.record({ type: tag('view'), id: requestId }),
  status: fc.record({ type: tag('status'), id: requestId }),
  hints: fc.record({ type: tag('hints'), id: requestId, drain: some(node) }),
  'hints-are': fc.record({
    type: tag('hints-are'),
    id: requestId,
    node,
    owners: fc.array(
      fc.record({ owner: node, hints: uint48, bytes: uint48, since: uint48, handed: uint48 }),
      { maxLength: 9 },
    ),
    bytesMax: uint48,
  }),
  gossip: fc.record({ type: tag('gossip'), id: requestId }),
  faults: fc.record({
    type: tag('faults'),
    id: requestId,
    rules: some(faultRules),
    skewMs: some(skewMs),
  }),
  got: fc.record({
    type: tag('got'),
    id: requestId,
    versions: fc.array(
      fc.record({ dot, op: id<OpId>(12), value: some(bytes), at: uint48, via: node }),
      {
        maxLength: 20,
      },
    ),
    context: bytes,
    generation: uint48,
    outcome,
    explained,
  }),
  wrote,
  inspected: fc.record({
    type: tag('inspected'),
    id: requestId,
    token: id<Token>(8),
    replicas: fc.array(
      fc.record({
        node,
        whole: some(fc.boolean()),
        versions: fc.array(fc.record({ dot, tombstone: fc.boolean(), bytes: uint48, via: node }), {
          maxLength: 5,
        }),
      }),
      { maxLength: 5 },
    ),
  }),
  viewed: fc.record({
    type: tag('viewed'),
    id: requestId,
    epoch: id<Epoch>(8),
    settings: fc.record({
      replicas: small,
      readQuorum: small,
      writeQuorum: small,
      partitions: fc.nat(65_536),
      fallbacks: small,
      valueBytesMax: uint48,
      readRepair: repair,
    }),
    members: fc.array(
      fc.record({
        id: node,
        host: line(253),
        port: fc.nat(65_535),
        weight: uint48,
        zone: line(64),
        key: some(bytes),
        statement: some(bytes),
      }),
      { maxLength: 10 },
    ),
    time: uint48,
  }),
  'status-is': fc.record({
    type: tag('status-is'),
    id: requestId,
    node,
    store: id<StoreId>(8),
    start: id<StartId>(8),
    upMs: uint48,
    keys: uint48,
    commits: uint48,
    full: fc.boolean(),
    connected: nodes,
    counters: fc.array(fc.tuple(line(64), fc.maxSafeNat()), { maxLength: 20 }),
  }),
  gossiped: fc.record({
    type: tag('gossiped'),
    id: requestId,
    node,
    epoch: id<Epoch>(8),
    member: fc.boolean(),
    beliefs: fc.array(
      fc.record({
        node,
        status: fc.constantFrom(...memberStatuses),
        phi: some(fc.nat(99_900).map(n => n / 100)),
        heardMs: some(uint48),
        incarnation: uint48,
        heartbeat: uint48,
        accusers: nodes,
        keys: some(uint48),
      }),
      { maxLength: 10 },
    ),
    rounds: uint48,
    lastExchangeMs: some(uint48),
    refused: uint48,
    clockAheadMs: some(skewMs),
  }),
  'faults-are': fc.record({
    type: tag('faults-are'),
    id: requestId,
    node,
    rules: faultRules,
    skewMs,
  }),
  round: fc.record({
    type: tag('round'),
    id: requestId,
    epoch: id<Epoch>(8),
    step: fc.constantFrom(...roundSteps),
    cut: fc.nat(2 ** 32 - 1),
    age: uint48,
    parts: bytes,
  }),
  rounded: fc.record({ type: tag('rounded'), id: requestId, done: fc.boolean(), parts: bytes }),
  failed,
} as const satisfies Arbitraries

export const anyMessage: fc.Arbitrary<AnyMessage> = fc.oneof(...Object.values(messages))
