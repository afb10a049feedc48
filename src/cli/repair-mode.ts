/** How reads repair, as people type it: `blocking`, `async`, `off`, or a part such as `0.1`. */
import * as Flags from '@oclif/core/flags'
import { isRepairMode, type RepairMode, repairModes } from '../core/quorum/repair-mode.ts'
import { CliError } from './cli-error.ts'

export const repairModeFlag = Flags.custom<RepairMode>({
  parse: async text => repairModeFrom(text),
  helpValue: `<${repairModes.join('|')}|0.1>`,
})

/** Throws USAGE. */
export function repairModeFrom(text: string): RepairMode {
  const mode = /^\d*\.?\d+$/.test(text) ? Number(text) : text
  if (isRepairMode(mode)) return mode
  throw new CliError(
    'USAGE',
    `"${text}" is no way to repair: write ${repairModes.join(', ')}, or a part of the reads from 0 to 1`,
  )
}
