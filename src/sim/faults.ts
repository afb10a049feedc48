/**
 * What goes wrong, as data: made before the run, each fault from draws of its own, so that a
 * list without one of them replays all the others (`shrink.ts`).
 */
import type { RepairWay } from '../core/entropy/repair-message.ts'
import type { NodeId } from '../core/ids.ts'
import { clockSteps } from './clock-steps.ts'
import type { Draw, Draws } from './draw.ts'
import type { Micros } from './events.ts'
import { homesOf } from './homes.ts'
import { islandFaults } from './islands.ts'
import type { Side } from './network.ts'
import type { FaultKind, Intensity, Options } from './options.ts'
import { keyNames } from './workload.ts'

/** An ordered pair of nodes or clients that cannot hear each other. */
export type Cut = { readonly from: string; readonly to: string }

export type CrashPoint =
  | 'between-effects'
  | 'after-fan-out'
  | 'after-ack'
  /** Hints leave their holder; they reach their owner; its answer reaches the holder. */
  | 'handing-over'
  | 'taking-over'
  | 'handed-over'
  /** An answer to a read left. */
  | 'after-answer'
type HostileForm = 'noise' | 'foreign-hello' | 'torn-hello' | 'mutated-frame'

export type Fault = { readonly kind: FaultKind; readonly at: Micros } & (
  | {
      readonly type: 'crash'
      readonly node: NodeId
      readonly down: Micros
      readonly keeps: boolean
    }
  | {
      readonly type: 'crash-point'
      readonly node: NodeId
      readonly point: CrashPoint
      /** How often the point is passed before. */
      readonly skip: number
      readonly down: Micros
      readonly keeps: boolean
      /** What was queued in that turn still leaves. */
      readonly leaves: boolean
    }
  | { readonly type: 'pause'; readonly node: NodeId; readonly last: Micros }
  | {
      readonly type: 'slow-node'
      readonly node: NodeId
      readonly last: Micros
      readonly cost: Micros
    }
  | {
      readonly type: 'partition'
      readonly shape: string
      readonly cuts: readonly Cut[]
      /** Only this type of message is lost; undefined: all. */
      readonly message: string | undefined
      readonly last: Micros
    }
  | { readonly type: 'clog'; readonly cuts: readonly Cut[]; readonly last: Micros }
  /** One of the two connections of a pair stands still, as TCP's does between retransmissions. */
  | { readonly type: 'stall'; readonly cut: Cut; readonly side: Side; readonly last: Micros }
  | { readonly type: 'reset'; readonly cut: Cut; readonly torn: boolean }
  | { readonly type: 'clock'; readonly node: NodeId; readonly offsetMs: number }
  | {
      readonly type: 'slow-flush'
      readonly node: NodeId
      readonly last: Micros
      readonly each: Micros
    }
  | {
      readonly type: 'failed-flush'
      readonly node: NodeId
      readonly keeps: boolean
      readonly down: Micros
    }
  /** Runs on a copy made `age` ago, for ever or for a while beside the directory set aside. */
  | { readonly type: 'restore'; readonly node: NodeId; readonly age: Micros; readonly down: Micros }
  | {
      readonly type: 'clone'
      readonly node: NodeId
      readonly age: Micros
      readonly down: Micros
      readonly last: Micros
    }
  | { readonly type: 'wipe'; readonly node: NodeId; readonly down: Micros }
  | { readonly type: 'rot'; readonly node: NodeId; readonly row: number; readonly bit: number }
  /** Somebody else takes what is left of a disk but for so many bytes. */
  | {
      readonly type: 'fill'
      readonly node: NodeId
      readonly leaves: number
      readonly last: Micros
    }
  /** No fault: somebody has all nodes repair, whatever else happens. */
  | { readonly type: 'operator'; readonly way: RepairWay; readonly job: string }
  | {
      readonly type: 'hostile'
      readonly node: NodeId
      readonly form: HostileForm
      readonly luck: number
    }
)

export type Names = { readonly nodes: readonly NodeId[]; readonly clients: readonly string[] }

/** The faults of a world between two instants, by time. */
export function makeFaults(
  options: Options,
  draws: Draws,
  names: Names,
  from: Micros,
  to: Micros,
): readonly Fault[] {
  const faults: Fault[] = []
  /** Disks are destroyed on one machine only: what its primaries hold together is stated. */
  const victim = draws.of('fault/victim').pick(names.nodes)
  for (const [kind, intensity] of Object.entries(options.faults) as [FaultKind, Intensity][]) {
    const count = countOf(kind, intensity, draws.of('fault/count', kind))
    for (let i = 0; i < count; i++) {
      const draw = draws.of(`fault/${kind}`, String(i))
      const at = draw.between(from, to)
      faults.push(...makeOne(kind, at, draw, { options, names, victim, from, to }))
    }
  }
  if (options.shape === 'frames') {
    faults.push(...islandFaults(to, names.nodes, options.faults.wipe && victim))
  }
  // A world with next to nothing in its list restarts its nodes one by one instead.
  if (faults.length < 3) faults.push(...rollingRestart(names, to))
  return faults.filter(fault => fault.at < to).sort((a, b) => a.at - b.at)
}

/** Kinds that are a property of every message, not a thing that happens at a time. */
const ambient: ReadonlySet<FaultKind> = new Set(['loss', 'duplicate', 'tail', 'capacity'])

function countOf(kind: FaultKind, intensity: Intensity, draw: Draw): number {
  if (ambient.has(kind)) return 0
  const many = { rare: [1, 3], medium: [3, 7], storm: [8, 16] } as const
  const [low, high] = many[intensity]
  const count = draw.between(low, high)
  if (kind === 'crash-point' || kind === 'rot' || kind === 'handoff-crash') return count * 3
  if (kind === 'reset' || kind === 'stall') return count * 2
  if (kind === 'restore' || kind === 'clone' || kind === 'wipe') return Math.min(count, 3)
  if (kind === 'hostile' || kind === 'clock' || kind === 'operator') return Math.min(count, 6)
  return count
}

type Setting = {
  readonly options: Options
  readonly names: Names
  readonly victim: NodeId
  readonly from: Micros
  readonly to: Micros
}

function makeOne(kind: FaultKind, at: Micros, draw: Draw, setting: Setting): readonly Fault[] {
  const { nodes, clients } = setting.names
  const node = draw.pick(nodes)
  const down = draw.permille(700) ? draw.between(20 * ms, 400 * ms) : draw.between(ms, 8 * second)
  const keeps = draw.permille(300)
  const last = draw.between(100 * ms, draw.permille(800) ? 5 * second : 15 * second)
  const others = [...nodes, ...clients].filter(other => other !== node)
  switch (kind) {
    case 'crash':
      return crashes(at, draw, node, setting)
    case 'crash-point':
      return [crashPoint(kind, at, draw, node, down, keeps)]
    case 'handoff-crash':
      return [crashPoint(kind, at, draw, node, down, keeps)]
    case 'only-fallbacks':
      return [onlyFallbacks(at, draw, setting)]
    case 'blackout':
      return nodes.map(each => blackout(at, draw, each))
    case 'pause':
      return [{ kind, type: kind, at, node, last }]
    case 'slow-node':
      return [{ kind, type: kind, at, node, last, cost: draw.between(ms, 15 * ms) }]
    case 'partition':
      return [partition(at, draw, last, setting)]
    case 'clog': {
      const cuts = [{ from: node, to: draw.pick(others) }]
      return [{ kind, type: kind, at, cuts, last: draw.between(50 * ms, 5 * second) }]
    }
    case 'stall': {
      const cut = { from: node, to: draw.pick(nodes.filter(other => other !== node)) }
      const side = draw.permille(700) ? 'answers' : 'requests'
      return [{ kind, type: kind, at, cut, side, last: draw.between(2 * second, 12 * second) }]
    }
    case 'reset': {
      const cut = { from: draw.pick(others), to: node }
      return [{ kind, type: kind, at, cut, torn: draw.permille(500) }]
    }
    case 'clock-step':
      return clockSteps(at, draw, nodes)
    case 'clock':
      return [{ kind, type: kind, at, node, offsetMs: draw.below(dayMs) }]
    case 'slow-flush':
      return [{ kind, type: kind, at, node, last, each: draw.between(20 * ms, 2 * second) }]
    case 'failed-flush':
      return [{ kind, type: kind, at, node, keeps, down }]
    case 'fill': {
      const leaves = draw.permille(400) ? draw.below(65_536) : draw.below(2 ** 21)
      return [{ kind, type: kind, at, node, leaves, last }]
    }
    case 'operator':
      return [{ kind, type: kind, at, way: draw.pick(ways), job: `r-${draw.next()}` }]
    case 'hostile':
      return [{ kind, type: kind, at, node, form: draw.pick(hostileForms), luck: draw.next() }]
    default:
      return destroy(kind, at, draw, down, last, setting.victim)
  }
}

function crashPoint(
  kind: 'crash-point' | 'handoff-crash',
  at: Micros,
  draw: Draw,
  node: NodeId,
  down: Micros,
  keeps: boolean,
): Fault {
  const point = draw.pick(kind === 'crash-point' ? crashPoints : handoffPoints)
  const leaves = draw.permille(700)
  const skip = draw.below(kind === 'crash-point' ? 12 : 3)
  return { kind, type: 'crash-point', at, node, point, skip, down, keeps, leaves }
}

/** Clients that reach the fallbacks of a key and none of its owners, and fallbacks that do not either. */
function onlyFallbacks(at: Micros, draw: Draw, { options, names }: Setting): Fault {
  const { primaries, fallbacks } = homesOf(options)(draw.pick(keyNames(options)))
  const clients = names.clients.filter(() => draw.permille(600))
  const last = draw.between(second, 8 * second)
  const cuts = between([...fallbacks, ...clients], primaries)
  const kind = 'only-fallbacks'
  return { kind, type: 'partition', at, shape: 'fallbacks', message: undefined, cuts, last }
}

/** All nodes within five milliseconds. */
function blackout(at: Micros, draw: Draw, node: NodeId): Fault {
  return {
    kind: 'blackout',
    type: 'crash',
    at: at + draw.below(5 * ms),
    node,
    down: draw.between(50 * ms, 2 * second),
    keeps: draw.permille(300),
  }
}

/** What a disk loses by; and nothing for a kind that is a property of every message. */
function destroy(
  kind: FaultKind,
  at: Micros,
  draw: Draw,
  down: Micros,
  last: Micros,
  node: NodeId,
): readonly Fault[] {
  switch (kind) {
    case 'restore':
      return [{ kind, type: kind, at, node, age: draw.between(second, 20 * second), down }]
    case 'clone':
      return [{ kind, type: kind, at, node, age: draw.between(0, 8 * second), down, last }]
    case 'wipe':
      return [{ kind, type: kind, at, node, down }]
    case 'rot':
      return [{ kind, type: kind, at, node, row: draw.next(), bit: draw.below(4000) }]
    default:
      return []
  }
}

/** One crash, or a loop of them: a process that dies soon after each start. */
function crashes(at: Micros, draw: Draw, node: NodeId, { options }: Setting): readonly Fault[] {
  const late = options.shape === 'late'
  const times = late || draw.permille(250) ? draw.between(3, late ? 12 : 6) : 1
  const faults: Fault[] = []
  let next = at
  for (let i = 0; i < times; i++) {
    const short = late || draw.permille(600)
    const down = short ? draw.between(5 * ms, 200 * ms) : draw.between(200 * ms, 8 * second)
    faults.push({ kind: 'crash', type: 'crash', at: next, node, down, keeps: draw.permille(300) })
    next += down + draw.between(ms, late ? 900 * ms : 500 * ms)
  }
  return faults
}

function partition(at: Micros, draw: Draw, last: Micros, setting: Setting): Fault {
  const { nodes, clients } = setting.names
  const shapes = ['isolate', 'halves', 'ring', 'bridge', 'clients', 'one-way', 'kind']
  const drawn = draw.pick(shapes)
  const shape = drawn === 'kind' && setting.options.transport === 'stream' ? 'one-way' : drawn
  const order = draw.shuffled(nodes)
  const half = Math.max(1, Math.floor(order.length / 2))
  const [first, second] = order as [NodeId, NodeId]
  const base = { kind: 'partition', type: 'partition', at, shape, last } as const
  const message = undefined
  if (setting.options.shape === 'decay') {
    // What the machine writes does not reach one other, and what that one writes reaches it.
    const { victim } = setting
    const cuts = [{ from: victim, to: first === victim ? (second ?? first) : first }]
    return { ...base, shape: 'kind', message: 'store', cuts }
  }
  if (setting.options.shape === 'retries') {
    // One node for so long that others write on, and that all is compared after.
    const cuts = between([first], order.slice(1))
    return { ...base, shape: 'isolate', message, cuts, last: draw.between(8000, 13_000) * ms }
  }
  switch (shape) {
    case 'isolate':
      return { ...base, message, cuts: between([first], order.slice(1)) }
    case 'halves': {
      const side = clients.filter(() => draw.permille(500))
      const other = clients.filter(client => !side.includes(client))
      const left = [...order.slice(0, half), ...side]
      return { ...base, message, cuts: between(left, [...order.slice(half), ...other]) }
    }
    case 'ring':
      return { ...base, message, cuts: ringCuts(order) }
    case 'bridge':
      return { ...base, message, cuts: between(order.slice(0, half), order.slice(half + 1)) }
    case 'clients':
      return { ...base, message, cuts: between(clients, order.slice(half)) }
    case 'one-way':
      return { ...base, message, cuts: [{ from: first, to: second ?? first }] }
    default: {
      const kinds = ['store', 'stored', 'handoff', 'handed', 'read', 'held', 'forward', 'forwarded']
      return { ...base, message: draw.pick(kinds), cuts: between([first], order.slice(1)) }
    }
  }
}

/** Each sees its two neighbours only. */
function ringCuts(order: readonly NodeId[]): readonly Cut[] {
  const cuts: Cut[] = []
  for (const [i, from] of order.entries()) {
    for (const [j, to] of order.entries()) {
      const apart = Math.abs(i - j)
      if (apart > 1 && apart < order.length - 1) cuts.push({ from, to })
    }
  }
  return cuts
}

/** Both ways. */
function between(left: readonly string[], right: readonly string[]): readonly Cut[] {
  return left.flatMap(a =>
    right.flatMap(b => [
      { from: a, to: b },
      { from: b, to: a },
    ]),
  )
}

/** One node after another, each given time to come back: a world without any other fault. */
function rollingRestart({ nodes }: Names, to: Micros): readonly Fault[] {
  return nodes.map((node, i) => ({
    kind: 'crash',
    type: 'crash',
    at: to - (nodes.length - i) * second,
    node,
    down: 100 * ms,
    keeps: true,
  }))
}

const ms = 1000
const second = 1_000_000
const dayMs = 24 * 60 * 60 * 1000 - 60_000

/** The point between fan-out and flush is the dearest: twice as often. */
const crashPoints: readonly CrashPoint[] = [
  'between-effects',
  'after-fan-out',
  'after-fan-out',
  'after-ack',
]
const handoffPoints: readonly CrashPoint[] = [
  'handing-over',
  'taking-over',
  'handed-over',
  'after-answer',
]
const ways: readonly RepairWay[] = ['repair', 'repair', 'scrub', 'check', 'preview', 'verify']
const hostileForms: readonly HostileForm[] = [
  'noise',
  'foreign-hello',
  'torn-hello',
  'mutated-frame',
  'mutated-frame',
]
