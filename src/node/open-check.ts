/**
 * Entry of a child process: opens a doubtful data file, reads every row and counts them. LMDB
 * can crash on a damaged file, which then ends this process and not the node's. Prints one line
 * of JSON; exit 0: sound as far as can be seen, 3: damaged, 4: no room on the disk to open it.
 * Any other end is a crash.
 */
import { openForReading, readStats } from './lmdb-environment.ts'
import { isNoRoom } from './no-room.ts'
import { checkExits } from './store-check.ts'
import { errorLine } from './store-error.ts'

process.umask(0o077)
const { fault, exit } = check(process.argv[2] ?? '.')
process.stdout.write(`${JSON.stringify({ fault })}\n`)
process.exitCode = exit

function check(directory: string) {
  try {
    const fault = scan(directory)
    return { fault, exit: fault === undefined ? 0 : checkExits.damaged }
  } catch (error) {
    const exit = isNoRoom(error, directory) ? checkExits.noRoom : checkExits.damaged
    return { fault: errorLine(error), exit }
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
