/**
 * What kind of world a seed makes: drawn first, printed first, so that a person sees what was on.
 * Four fifths are swarm (each kind of fault on or off, then how much of it), one fifth has
 * everything on; some of the swarm is shaped, because some windows are not met by luck.
 */
import type { Draw, Draws } from './draw.ts'

const faultKinds = [
  'loss',
  'duplicate',
  'tail',
  'capacity',
  'clog',
  'partition',
  'reset',
  'crash',
  'crash-point',
  'blackout',
  'pause',
  'slow-node',
  'clock',
  'slow-flush',
  'failed-flush',
  'restore',
  'clone',
  'wipe',
  'rot',
  'hostile',
  'only-fallbacks',
  'handoff-crash',
  'operator',
] as const
/** Kinds that came later are drawn each on its own: the worlds of the others stay as they are. */
type LaterKind = 'stall' | 'clock-step' | 'fill'
export type FaultKind = (typeof faultKinds)[number] | LaterKind

/** So many of them are drawn from together. */
const firstKinds = 20

const intensities = ['rare', 'medium', 'storm'] as const
export type Intensity = (typeof intensities)[number]
export type Intensities = Readonly<Partial<Record<FaultKind, Intensity>>>

type Shape =
  | 'swarm'
  | 'everything'
  | 'calm'
  | 'single'
  | 'reuse'
  | 'late'
  | 'decay'
  | 'skew'
  | 'reap'
  | 'steps'
  | 'retries'
  | 'frames'

/** A client's time for a call is at most this, unless the world says more. */
export const usualPatienceMs = 5000

type Layer = 'read repair' | 'handoff' | 'exchange'

/** Disks that have an end, and values that come near it. */
type Disks = {
  /** Of so many of 1000 machines others leave but a little, the reserve and at most `roomMax`. */
  readonly smallShare: number
  readonly roomMax: number
  readonly valueBytesMax: number
  readonly keys: number
  /** Once all heals everything is deleted; else others make room. */
  readonly emptied: boolean
}

export type Options = {
  readonly seed: number
  readonly shape: Shape
  readonly seconds: number
  readonly nodes: number
  readonly replicas: number
  readonly readQuorum: number
  readonly writeQuorum: number
  readonly partitions: number
  readonly transport: 'stream' | 'datagram'
  readonly clients: number
  readonly keys: number
  readonly operations: number
  /** The latency of a link: at least, and on top of that on average; milliseconds. */
  readonly latencyMs: readonly [least: number, mean: number]
  /** The same for a flush. */
  readonly flushMs: readonly [least: number, mean: number]
  readonly faults: Intensities
  /** So long some clients wait for an answer, in milliseconds. */
  readonly patienceMs: number
  /** Vector entries past which some are dropped: a few, or more than there ever are. */
  readonly vectorEntries: number
  /** Answered puts that are remembered until all acks are there; undefined: many. */
  readonly owedPuts?: number | undefined
  /** Nodes that stay dead when the others heal. */
  readonly deadForEver: number
  /** Layers of repair that are switched off: they hide each other's mistakes. */
  readonly layersOff: readonly Layer[]
  /** How often members compare: at the defaults, or so often that it meets with the faults. */
  readonly exchanges: 'usual' | 'often'
  /** Of a frame that members send, so small that some keys cannot travel; undefined: as in nodes. */
  readonly frameBytes?: number
  /** Bytes that a node takes of hints; undefined: as many as there are. */
  readonly hintBytesMax: number | undefined
  /** undefined: no disk has an end. */
  readonly disks: Disks | undefined
}

/** What a person asked for; the rest is drawn. */
export type Wishes = { readonly seconds?: number; readonly nodes?: number }

export function drawOptions(seed: number, draws: Draws, wishes: Wishes = {}): Options {
  const draw = draws.of('options')
  const first = stepped(shapeOf(draw.below(40)), draws.of('options/wrong-clocks'))
  const shape = aimed(first, draws)
  const nodes = wishes.nodes ?? 5
  const replicas = Math.min(3, nodes)
  const quorum = Math.floor(replicas / 2) + 1
  const narrow = shape === 'reuse' || shape === 'late' || shape === 'decay' || shape === 'skew'
  // With fewer than three replicas every one is needed: none may lose its disk or stay dead.
  const spare = replicas - quorum
  const drawn = drawFaults(shape, draws)
  const stalls = drawStalls(shape, draws.of('options/stall'))
  const steps = drawSteps(shape, draws.of('options/clock-steps', 'beside'))
  const disks = drawDisks(shape, draws.of('options/disks'))
  const layers = drawLayers(shape, draws.of('options/layers'))
  // Without it hints stay, and take up what was to be room.
  const handsOver = !layers.layersOff.some(layer => layer === 'handoff')
  const fills = disks === undefined ? {} : drawFills(draws.of('options/fills'))
  const faults = { ...(spare > 0 ? drawn : withoutLosses(drawn)), ...stalls, ...steps, ...fills }
  const destroyed = losses.some(kind => kind in faults)
  const drawnClients = draw.pick(narrow ? [3, 4, 6] : [1, 2, 3, 4, 6, 8, 16])
  const clients = shape === 'retries' ? 8 : drawnClients
  const drawnKeys = draw.pick(narrow ? [1, 3] : [1, 3, 3, 30, 30, 300])
  // So many that a deleted one is left alone for some seconds, or some travel and some do not.
  const few = shape === 'frames' ? Math.max(10, drawnKeys) : drawnKeys
  const keys = shape === 'reap' ? 80 : (disks?.keys ?? few)
  const lossy = shape === 'late' || shape === 'decay' || shape === 'reap'
  const transport = lossy || draw.permille(500) ? 'datagram' : 'stream'
  const drawnFast = shape === 'reuse' || shape === 'decay' || draw.permille(300)
  const fast = shape === 'steps' || shape === 'retries' || drawnFast
  return {
    seed,
    shape,
    seconds: wishes.seconds ?? 60,
    nodes,
    replicas,
    readQuorum: quorum,
    writeQuorum: quorum,
    partitions: draw.pick([8, 32]),
    transport,
    clients,
    keys,
    operations: draw.between(520, 900),
    latencyMs: fast ? [0, draw.between(1, 5)] : [draw.below(31), draw.between(1, 100)],
    flushMs: shape === 'late' ? [20, draw.between(50, 300)] : [0, draw.between(1, 20)],
    faults,
    patienceMs: stalls.stall === undefined ? usualPatienceMs : 2 * usualPatienceMs,
    owedPuts: draws.of('options/owed').permille(300) ? 2 : undefined,
    vectorEntries: draws.of('options/limits').permille(120) ? 6 : 1_000_000,
    deadForEver: shape !== 'reap' && !destroyed && draw.permille(500) ? spare : 0,
    ...(disks === undefined ? drawFrame(shape, draws.of('options/frame')) : {}),
    ...layers,
    disks: disks && { ...disks, emptied: disks.emptied && handsOver },
    // What is refused for want of room is refused for that of the disk.
    ...(disks === undefined ? {} : { hintBytesMax: undefined }),
  }
}

/** Some worlds have disks with an end, most of them of all machines. */
function drawDisks(shape: Shape, draw: Draw): Disks | undefined {
  const may = shape === 'swarm' || shape === 'everything' || shape === 'single' || shape === 'calm'
  if (!may || !draw.permille(100)) return undefined
  return {
    keys: draw.pick([30, 100, 300]),
    smallShare: draw.pick([1000, 1000, 600, 300]),
    roomMax: draw.pick([512, 1024, 2048]) * 1024,
    valueBytesMax: draw.pick([2000, 6000, 12_000]),
    emptied: draw.permille(500),
  }
}

/** In half of them somebody else fills a disk now and then, and makes room again. */
function drawFills(draw: Draw): Intensities {
  return draw.permille(500) ? { fill: draw.pick(intensities) } : {}
}

/** Some of the swarm has clocks that are set wrong, and next to nothing else. */
function stepped(shape: Shape, draw: Draw): Shape {
  return shape === 'swarm' && draw.permille(80) ? 'steps' : shape
}

/** Some of the swarm has puts that are sent again across a split, after many later writes. */
function retried(shape: Shape, draw: Draw): Shape {
  return shape === 'swarm' && draw.permille(100) ? 'retries' : shape
}

/** Later shapes, each of which takes some of the swarm. */
function aimed(shape: Shape, draws: Draws): Shape {
  return framed(retried(shape, draws.of('options/late-retries')), draws.of('options/frames'))
}

/** And some is about keys that outgrow what a message takes: split, with many blind puts. */
function framed(shape: Shape, draw: Draw): Shape {
  return shape === 'swarm' && draw.permille(100) ? 'frames' : shape
}

/** Clocks that step by more than operation ids may be ahead: alone, or beside everything else. */
function drawSteps(shape: Shape, draw: Draw): Intensities {
  if (shape === 'steps') return { 'clock-step': 'storm' }
  if (shape !== 'swarm' && shape !== 'everything') return {}
  return draw.permille(120) ? { 'clock-step': draw.pick(intensities) } : {}
}

/** Connections that stall for longer than a tombstone stays, beside clients that wait as long. */
function drawStalls(shape: Shape, draw: Draw): Intensities {
  if (['calm', 'single', 'steps', 'retries'].includes(shape)) return {}
  return draw.permille(shape === 'reap' ? 600 : 120) ? { stall: draw.pick(intensities) } : {}
}

/** A frame that takes few versions of a key; what else members say fits. */
function drawFrame(shape: Shape, draw: Draw): Pick<Options, 'frameBytes'> {
  const isDrawn = (shape === 'swarm' || shape === 'everything') && draw.permille(150)
  if (shape !== 'frames' && !isDrawn) return {}
  return { frameBytes: draw.pick([2048, 3072, 4096, 8192]) }
}

/** Everything that a reap takes, or a refill, at once: while copies are late, say. */
const atOnce = { layersOff: [], hintBytesMax: undefined, exchanges: 'often' } as const

function drawLayers(
  shape: Shape,
  draw: Draw,
): Pick<Options, 'layersOff' | 'exchanges' | 'hintBytesMax'> {
  if (shape === 'reap' || shape === 'frames') return atOnce
  const layers: readonly Layer[] = ['read repair', 'handoff', 'exchange']
  return {
    layersOff: layers.filter(() => draw.permille(200)),
    hintBytesMax: draw.permille(200) ? 2048 : undefined,
    exchanges: draw.permille(500) ? 'often' : 'usual',
  }
}

/** Kinds by which a disk loses what it held. */
const losses: readonly FaultKind[] = ['restore', 'clone', 'wipe', 'rot']

function withoutLosses(faults: Intensities): Intensities {
  return Object.fromEntries(
    Object.entries(faults).filter(([kind]) => !losses.some(loss => loss === kind)),
  )
}

function shapeOf(drawn: number): Shape {
  if (drawn < 8) return 'everything'
  if (drawn < 10) return 'reuse'
  if (drawn < 13) return 'late'
  if (drawn < 15) return 'decay'
  if (drawn < 17) return 'skew'
  if (drawn < 20) return 'calm'
  if (drawn < 23) return 'single'
  if (drawn < 25) return 'reap'
  return 'swarm'
}

function drawFaults(shape: Shape, draws: Draws): Intensities {
  const draw = draws.of('options/faults')
  switch (shape) {
    case 'calm':
      return {}
    case 'single': {
      // Kinds that came later have draws of their own: the worlds of the others stay.
      const later = draws.of('options/single')
      const kind = draw.pick(faultKinds.slice(0, firstKinds))
      const intensity = draw.pick(intensities)
      return later.permille(100)
        ? { [later.pick(faultKinds.slice(firstKinds))]: intensity }
        : { [kind]: intensity }
    }
    case 'everything':
      return Object.fromEntries(faultKinds.map(kind => [kind, 'medium']))
    case 'reuse':
      return { crash: 'storm', 'crash-point': 'storm', 'slow-flush': 'medium', reset: 'rare' }
    case 'late':
      return { crash: 'storm', tail: 'storm', duplicate: 'rare', 'slow-flush': 'rare' }
    case 'decay':
      return { rot: 'storm', loss: 'rare', partition: 'storm' }
    case 'reap':
      return { tail: 'storm', duplicate: 'medium', loss: 'rare' }
    case 'steps':
      // In half of them answers are lost too, and what was sent is in doubt.
      return draw.permille(500) ? { reset: 'storm', partition: 'medium', loss: 'rare' } : {}
    case 'retries': {
      // Nothing else in some of them: the splits are then all that there is.
      const draw = draws.of('options/late-retries', 'beside')
      const beside = { loss: 'rare', duplicate: 'rare', reset: 'rare', crash: 'rare' } as const
      return { partition: 'rare', ...(draw.permille(600) ? beside : {}) }
    }
    case 'frames': {
      const loses = draw.pick(['wipe', 'wipe', 'restore', 'crash'] as const)
      return { reset: 'rare', 'slow-flush': 'rare', [loses]: 'medium' }
    }
    case 'skew':
      return { clock: 'storm', partition: 'storm', clog: 'medium', reset: 'medium' }
    case 'swarm':
      return swarm(draws)
  }
}

/** Each kind has draws of its own: taking one away leaves the others. */
function swarm(draws: Draws): Intensities {
  const on: [FaultKind, Intensity][] = []
  for (const kind of faultKinds) {
    const draw: Draw = draws.of('options/fault', kind)
    if (draw.permille(500)) on.push([kind, draw.pick(intensities)])
  }
  return Object.fromEntries(on)
}
