/** The flags of `kv repair`. */
import * as Flags from '@oclif/core/flags'

const parts = ['all', 'range', 'partition', 'key']
/** One part of the ring at a time. */
const alone = (flag: string) => ({ exclusive: parts.filter(part => part !== flag) })

export const repairFlags = {
  all: Flags.boolean({ description: 'the whole ring', ...alone('all') }),
  range: Flags.string({
    helpValue: '<from..to>',
    description: 'a part of the ring: 25%..50%, 0x40..0x80 or p64..p128, the end not included',
    ...alone('range'),
  }),
  partition: Flags.string({
    helpValue: '<12..15>',
    description: 'partitions, both included, or one',
    ...alone('partition'),
  }),
  key: Flags.string({ helpValue: '<key>', description: 'one key', ...alone('key') }),
  node: Flags.string({ helpValue: '<node>', description: 'only what this node owns' }),
  preview: Flags.boolean({
    description: 'move nothing: show what would move, and what both sides hold',
    exclusive: ['check'],
  }),
  check: Flags.boolean({ description: 'move nothing: exit 9 where something differs' }),
  scrub: Flags.boolean({
    description: 'first have every node read what it holds: checksums, digests, sums',
    exclusive: ['detach'],
  }),
  throttle: Flags.string({
    helpValue: '<rate>',
    description: 'move no more than 10MB/s, or 500keys/s, on all nodes together',
  }),
  concurrency: Flags.integer({
    default: 4,
    min: 1,
    max: 64,
    description: 'parts of the ring that a node compares at once',
  }),
  detach: Flags.boolean({ description: 'begin it and do not wait', exclusive: ['watch'] }),
  'accept-loss': Flags.boolean({
    description: 'nobody waits any more for what only --node could prove; it may be lost',
    dependsOn: ['node'],
    exclusive: [...parts, 'preview', 'check', 'scrub', 'detach', 'watch'],
  }),
  yes: Flags.boolean({ description: 'with --accept-loss: do not ask', dependsOn: ['accept-loss'] }),
  watch: Flags.boolean({ description: 'without a part: watch the repair that runs' }),
}
