/**
 * Which directory is this? Device and inode name one for as long as the machine runs, whatever it is
 * called: what a file in it says of processes is true of that directory, and not of a copy of it.
 */
import { statSync } from 'node:fs'

/** Throws a system error if there is none. */
export function placeOf(directory: string): string {
  const { dev, ino } = statSync(directory)
  return `${dev}:${ino}`
}

/** Was this written in that directory? What older versions wrote does not say where. */
export function isOf(directory: string, fields: unknown): boolean {
  const written: unknown = Reflect.get(Object(fields), 'directory')
  return typeof written !== 'string' || written === '' || written === placeOf(directory)
}
