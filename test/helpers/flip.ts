/** Bit rot in the data file of a node that is stopped. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Flips one bit of a text wherever the file has it, old pages included; returns how often. */
export function flipIn(directory: string, node: string, text: string): number {
  const path = join(directory, 'nodes', node, 'data.mdb')
  const bytes = readFileSync(path)
  let found = 0
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    bytes[at + 2]! ^= 4
    found++
  }
  writeFileSync(path, bytes)
  return found
}
