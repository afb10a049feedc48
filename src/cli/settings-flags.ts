/** What a cluster can be told when it is made or comes up, as flags: `kv cluster up`. */
import { Flags } from '@oclif/core'
import type { WantedSettings } from '../cluster/settings.ts'
import type { Durability } from '../core/config.ts'
import type { RepairMode } from '../core/quorum/repair-mode.ts'
import { CliError } from './cli-error.ts'
import { repairModeFlag } from './repair-mode.ts'
import { hintQuotaFrom } from './size.ts'

export const settingsFlags = {
  nodes: Flags.integer({ char: 'n', min: 1, description: 'number of nodes [5]' }),
  replicas: Flags.integer({ min: 1, description: 'copies of each key [3]; for ever' }),
  'read-quorum': Flags.integer({ char: 'r', min: 1, description: 'answers for a read [2]' }),
  'write-quorum': Flags.integer({ char: 'w', min: 1, description: 'acks for a write [2]' }),
  partitions: Flags.integer({ min: 1, description: 'a power of two [256]; for ever' }),
  fallbacks: Flags.custom<number | 'all'>({ parse: async text => fallbacksFrom(text) })({
    helpValue: '<count|all>',
    description: 'nodes that may stand in, or all [3]; for ever',
  }),
  durability: Flags.option({
    options: ['durable', 'committed'] as const,
    description: 'durable: acks wait for the disk [durable]',
  })(),
  'read-repair': repairModeFlag({ description: 'how reads mend replicas [blocking]' }),
  'hint-quota': Flags.custom<number>({ parse: async text => hintQuotaFrom(text) })({
    helpValue: '<part|size>',
    description: 'what hints may take up on a node, such as 10% or 512MB [10%]',
  }),
  'base-port': Flags.integer({
    min: 0,
    max: 65535,
    description: 'node i listens on this + i; 0: any [4700, or the next that is free]',
  }),
}

type SettingsGiven = {
  readonly nodes: number | undefined
  readonly replicas: number | undefined
  readonly 'read-quorum': number | undefined
  readonly 'write-quorum': number | undefined
  readonly partitions: number | undefined
  readonly fallbacks: number | 'all' | undefined
  readonly durability: Durability | undefined
  readonly 'read-repair': RepairMode | undefined
  readonly 'hint-quota': number | undefined
  readonly 'base-port': number | undefined
}

export function wantedSettings(flags: SettingsGiven): WantedSettings {
  const { nodes, replicas, partitions, fallbacks, durability } = flags
  return {
    nodes,
    replicas,
    partitions,
    fallbacks,
    durability,
    readQuorum: flags['read-quorum'],
    writeQuorum: flags['write-quorum'],
    readRepair: flags['read-repair'],
    hintQuota: flags['hint-quota'],
    basePort: flags['base-port'],
  }
}

/** Throws USAGE. */
export function fallbacksFrom(text: string): number | 'all' {
  if (text === 'all') return text
  if (/^\d{1,3}$/.test(text)) return Number(text)
  throw new CliError('USAGE', `"${text}" is no number of fallbacks: write 0, 1, 2 ... or all`)
}
