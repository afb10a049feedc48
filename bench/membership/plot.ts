import type { Measured } from './jobs.ts'
export function plotOf(_measured: readonly Measured[]): string {
  return ''
}
