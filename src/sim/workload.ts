/**
 * What the clients do, as data: every operation of the world, made before it runs, each from
 * draws of its own.
 */
import type { Key, NodeId } from '../core/ids.ts'
import type { RepairMode } from '../core/quorum/repair-mode.ts'
import type { ClientId } from './client.ts'
import type { Draw, Draws } from './draw.ts'
import type { Micros } from './events.ts'
import { islandOperation, islandsUntil } from './islands.ts'
import { type Options, usualPatienceMs } from './options.ts'

type OperationKind = 'get' | 'put' | 'blind' | 'stale' | 'delete' | 'modify'

export type Operation = {
  readonly number: number
  readonly client: ClientId
  readonly at: Micros
  readonly kind: OperationKind
  readonly key: Key
  readonly r: number | undefined
  readonly w: number | undefined
  readonly timeoutMs: number
  /** The caller gives up after this. */
  readonly abandonMs: number | undefined
  /** How often an unknown end is followed by the same operation once more, and after how long. */
  readonly retries: number
  readonly retryMs: number
  /** Only primaries count for it. */
  readonly strict: boolean
  /** Of a get; undefined: as the cluster has it. */
  readonly repair: RepairMode | undefined
  /** Its context is spoiled, as this number says how; undefined: it is sent as it came. */
  readonly spoil: number | undefined
  /** The node that is asked first; undefined: the client's session chooses. */
  readonly via: NodeId | undefined
  /** What somebody else does with the key meanwhile. */
  readonly later: Later | undefined
}

/** Writes of another client, each of which has seen the one before. */
export type Later = {
  readonly by: ClientId
  readonly writes: number
  /** The last of them is a delete. */
  readonly deletes: boolean
  /** They begin so long after the put was first sent. */
  readonly afterMs: number
  /** It is not sent again before they have ended. */
  readonly waits: boolean
  /** It is sent again with a context that was read then, if that shows no less. */
  readonly rereads: boolean
}

export function clientNames(options: Options): readonly ClientId[] {
  return Array.from({ length: options.clients }, (_, i) => `c${i + 1}` as ClientId)
}

export function keyNames(options: Options): readonly Key[] {
  return Array.from({ length: options.keys }, (_, i) => `k${i + 1}` as Key)
}

/** The operations between two instants, by time. */
export function makeOperations(
  options: Options,
  draws: Draws,
  from: Micros,
  to: Micros,
): readonly Operation[] {
  const clients = clientNames(options)
  const keys = keyNames(options)
  const islands = options.shape === 'frames' ? islandsUntil(to, keys) : []
  const operations = Array.from({ length: options.operations }, (_, number) => {
    const draw = draws.of('workload', String(number))
    const key = options.keys > 30 && draw.permille(500) ? keys.slice(0, 10) : keys
    const one = makeOne(number, draw, options, draw.pick(clients), draw.pick(key), from, to)
    return {
      ...one,
      ...patienceOf(options, draws, one),
      ...islandOperation(one, islands, draws.of('workload/islands', String(number))),
      ...modesOf(draws.of('workload/modes', String(number))),
      ...{ via: undefined, later: undefined },
    }
  })
  return operations.sort((a, b) => a.at - b.at || a.number - b.number)
}

function makeOne(
  number: number,
  draw: Draw,
  options: Options,
  client: ClientId,
  key: Key,
  from: Micros,
  to: Micros,
): Omit<Operation, keyof Modes | 'via' | 'later'> {
  const chosen = () => (draw.permille(100) ? draw.between(1, options.replicas) : undefined)
  // A burst: many operations within a few milliseconds of each other.
  const at = draw.permille(150)
    ? from + Math.floor(((to - from) / 8) * draw.below(8)) + draw.below(5000)
    : draw.between(from, to)
  return {
    number,
    client,
    at,
    kind: kindOf(draw.below(100), options),
    key,
    r: chosen(),
    w: chosen(),
    timeoutMs: draw.permille(300) ? draw.between(300, 1500) : draw.between(1500, usualPatienceMs),
    abandonMs: draw.permille(50) ? draw.between(1, 300) : undefined,
    retries: draw.permille(600) ? Math.min(draw.between(1, 3), retriesMax(options)) : 0,
    retryMs: draw.permille(500) ? draw.below(50) : draw.between(50, 4000),
  }
}

/** A call for a key that cannot travel goes on to its deadline: they are not many in a row then. */
function retriesMax({ frameBytes }: Options): number {
  return frameBytes === undefined ? 3 : 1
}

/** In some worlds half of the calls wait for longer than a tombstone stays. */
function patienceOf(
  { patienceMs }: Options,
  draws: Draws,
  { number, timeoutMs }: Pick<Operation, 'number' | 'timeoutMs'>,
): Pick<Operation, 'timeoutMs'> {
  if (patienceMs <= usualPatienceMs) return { timeoutMs }
  const draw = draws.of('workload/patience', String(number))
  return { timeoutMs: draw.permille(500) ? draw.between(usualPatienceMs, patienceMs) : timeoutMs }
}

type Modes = Pick<Operation, 'strict' | 'repair' | 'spoil'>

function modesOf(draw: Draw): Modes {
  return {
    strict: draw.permille(200),
    repair: draw.permille(200) ? draw.pick(['async', 'off', 0.5] as const) : undefined,
    spoil: draw.permille(25) ? draw.next() : undefined,
  }
}

/** In some shapes every third operation is a put of one who has seen nothing, or a delete. */
function kindOf(drawn: number, { shape, frameBytes }: Options): OperationKind {
  const gathers = shape === 'decay' || (frameBytes !== undefined && shape !== 'frames')
  if (gathers && drawn % 3 === 0) return 'blind'
  if (shape === 'reap' && drawn % 3 === 0) return 'delete'
  if (drawn < 30) return 'get'
  if (drawn < 50) return 'put'
  if (drawn < 60) return 'blind'
  if (drawn < 70) return 'stale'
  if (drawn < 78) return 'delete'
  return 'modify'
}
