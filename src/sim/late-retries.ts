/**
 * Puts as a split begins, whose ends their clients may never hear and which they send again, at
 * once or much later; and up to 30 later writes of the same key by somebody else, before it heals.
 * So first and second try of one operation may lie on two sides that both have forgotten its id.
 * Each has a key of its own. Made from the list of splits, as data, like all operations.
 */
import type { Key, NodeId } from '../core/ids.ts'
import type { ClientId } from './client.ts'
import type { Draw, Draws } from './draw.ts'
import type { Micros } from './events.ts'
import type { Fault } from './faults.ts'
import type { Options } from './options.ts'
import { clientNames, type Operation } from './workload.ts'

type Split = Extract<Fault, { type: 'partition' }>

/** Those of a world that is shaped so, until an instant; none in any other. */
export function makeLateRetries(
  options: Options,
  draws: Draws,
  faults: readonly Fault[],
  to: Micros,
): readonly Operation[] {
  if (options.shape !== 'retries') return []
  const splits = faults.filter(fault => fault.type === 'partition')
  const operations = splits.flatMap((split, i) =>
    Array.from({ length: casesOfSplit }, (_, j) => {
      const draw = draws.of('late-retries', `${i}/${j}`)
      return casesOf(draw, split, `r${i}.${j}` as Key, clientNames(options))
    }).flat(),
  )
  const timely = operations.filter(({ at }) => at < to)
  return timely.map((one, i) => ({ ...one, number: firstNumber + i }))
}

/** The key is put before, put as the split begins, and overwritten by another client meanwhile. */
function casesOf(
  draw: Draw,
  split: Split,
  key: Key,
  clients: readonly ClientId[],
): readonly Operation[] {
  const [writer, by, third] = draw.shuffled(clients) as [ClientId, ClientId, ClientId]
  const at = split.at + draw.between(-60, 30) * ms
  const usual = { ...plain, key, strict: draw.permille(400) }
  const before = { ...usual, client: writer, at: Math.max(0, split.at - 1500 * ms), retries: 0 }
  const alone = split.cuts[0]?.from as NodeId
  const put: Operation = {
    ...usual,
    client: writer,
    at,
    kind: draw.permille(700) ? 'put' : 'blind',
    // Some ask the node that is cut off; the others go where their sessions choose.
    ...(draw.permille(500) ? { via: alone, timeoutMs: 1200 } : {}),
    retries: 2,
    retryMs: draw.below(300),
    later: laterOf(draw, by),
  }
  // Two that have not seen each other, both sent again: in opposite orders, if luck has it.
  const crossed: readonly Operation[] = draw.permille(300)
    ? [{ ...usual, client: third, at: at + draw.between(-20, 20) * ms, kind: 'blind', retries: 2 }]
    : []
  return [before, put, ...crossed]
}

function laterOf(draw: Draw, by: ClientId): Operation['later'] {
  const writes = draw.permille(850) ? draw.between(1, 30) : 0
  const waits = draw.permille(500)
  const rereads = draw.permille(500)
  const deletes = writes > 0 && !rereads && draw.permille(500)
  return { by, writes, deletes, waits, rereads, afterMs: draw.between(2500, 5000) }
}

const ms = 1000
const casesOfSplit = 10
/** Beyond those of the usual operations. */
const firstNumber = 10_000
const plain = {
  number: 0,
  kind: 'blind',
  r: undefined,
  w: undefined,
  timeoutMs: 4000,
  abandonMs: undefined,
  retryMs: 100,
  repair: undefined,
  spoil: undefined,
  via: undefined,
  later: undefined,
} as const
