/** What `kv repair` is told to repair, as the plan that nodes take. */
import { clientHash } from '../client/hash.ts'
import { binaryOf } from '../core/binary.ts'
import type { RepairPlan } from '../core/entropy/repair-message.ts'
import type { TokenRange } from '../core/entropy/scope.ts'
import { tokenOf } from '../core/hash.ts'
import type { Key } from '../core/ids.ts'
import type { ViewReply } from '../core/message.ts'
import { CliError } from './cli-error.ts'
import { nodeFrom } from './fault-plan.ts'
import { rateFrom } from './size.ts'
import { partitionsFrom, rangeOfToken, rangesFrom, wholeRing } from './token-range.ts'
import { keyFrom } from './value.ts'

export type RepairFlags = {
  readonly all: boolean
  readonly range: string | undefined
  readonly partition: string | undefined
  readonly key: string | undefined
  readonly node: string | undefined
  readonly preview: boolean
  readonly check: boolean
  readonly throttle: string | undefined
  readonly concurrency: number
}

/** Throws USAGE, UNKNOWN_NODE. */
export function planFrom(flags: RepairFlags, view: ViewReply): Omit<RepairPlan, 'silent'> {
  const members = view.members.map(({ id }) => id)
  const node = flags.node === undefined ? undefined : nodeFrom(flags.node, members)
  const way = flags.preview ? 'preview' : flags.check ? 'check' : 'repair'
  const ranges = rangesOf(flags, view.settings.partitions)
  const rate = flags.throttle === undefined ? undefined : rateFrom(flags.throttle)
  // The rate is of all of them together.
  const share = (perSecond: number | undefined) =>
    perSecond === undefined
      ? undefined
      : Math.max(1, Math.floor(perSecond / (node === undefined ? members.length : 1)))
  return {
    way,
    ranges,
    node,
    concurrency: flags.concurrency,
    keysPerSecond: share(rate?.keysPerSecond),
    bytesPerSecond: share(rate?.bytesPerSecond),
  }
}

function rangesOf(flags: RepairFlags, partitions: number): readonly TokenRange[] {
  if (flags.range !== undefined) return rangesFrom(flags.range, partitions)
  if (flags.partition !== undefined) return partitionsFrom(flags.partition, partitions)
  if (flags.key !== undefined) {
    return rangeOfToken(tokenOf(clientHash, binaryOf(keyFrom(flags.key)) as Key))
  }
  if (flags.all || flags.node !== undefined) return wholeRing
  throw new CliError('USAGE', 'say what to repair', [
    'kv repair --all',
    'kv repair --range 25%..50%',
    'kv repair --node n2',
  ])
}
