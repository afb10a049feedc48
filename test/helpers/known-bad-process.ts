/** Runs code in a process that has the known-bad versions, which this one may lack. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../../..')

/**
 * The code stands behind imports of its own, runs in the root of the project, and finds
 * `chooseMutants` and `tell`, which takes what is returned from here, as JSON.
 */
export async function toldWithKnownBad<Told>(code: string): Promise<Told> {
  const all = `
    import { chooseMutants } from '#mutants'
    const tell = told => process.stdout.write(JSON.stringify(told))
    ${code}
  `
  const words = ['--conditions=mutants', '--input-type=module', '-e', all]
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root })
  return JSON.parse(stdout)
}
