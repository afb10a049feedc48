/**
 * Entry of a child process: opens a doubtful data file, reads every row and counts them. LMDB
 * can crash on a damaged file, which then ends this process and not the node's. Prints one line
 * of JSON; exit 0: sound as far as can be seen, 3: damaged. Any other end is a crash.
 */
import { openForReading, readStats } from './lmdb-environment.ts'
import { errorLine } from './store-error.ts'

process.umask(0o077)
const fault = check(process.argv[2] ?? '.')
process.stdout.write(`${JSON.stringify({ fault })}\n`)
process.exitCode = fault === undefined ? 0 : 3

function check(directory: string): string | undefined {
  try {
    return scan(directory)
  } catch (error) {
    return errorLine(error)
  }
}

/** Rows must ascend and be as many as the tree says: lost pages read as absence. */
function scan(directory: string): string | undefined {
  const environment = openForReading(directory)
  const { entryCount } = readStats(environment)
  let rows = 0
  let last: Uint8Array = new Uint8Array(0)
  for (const key of environment.getKeys({ start: Uint8Array.of(0) })) {
    if (rows > 0 && Buffer.compare(last, key) >= 0) return `row ${rows} is out of order`
    if (environment.getBinaryFast(key) === undefined) return `row ${rows} cannot be found`
    last = key
    rows++
  }
  if (rows !== entryCount) return `${rows} of ${entryCount} rows can be read`
  return undefined
}
