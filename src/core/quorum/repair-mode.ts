/**
 * When a get writes back what it found (design §4, "read repair"): `blocking`: before the reply;
 * `async`: beside it; `off`: never; a number: `async` for that part of the gets, 0 to 1.
 */
export const repairModes = ['blocking', 'async', 'off'] as const
export type RepairMode = (typeof repairModes)[number] | number

/** True where it is one of the words, or a part between 0 and 1. */
export function isRepairMode(value: unknown): value is RepairMode {
  if (typeof value === 'number') return value >= 0 && value <= 1
  return repairModes.some(mode => mode === value)
}
