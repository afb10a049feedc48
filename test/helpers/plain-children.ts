/**
 * Loaded before each test file: undoes what tap's runner does to every process that a test starts.
 * tap puts a loader into each of them, whatever environment the test chose, and with it every `kv`,
 * node and worker takes several times as long to start and is not what a user runs.
 */
import { createRequire } from 'node:module'

type ProcessOnSpawn = { removeAllListeners(): void }

const require = createRequire(import.meta.url)
const processOnSpawn: ProcessOnSpawn = require('process-on-spawn')
processOnSpawn.removeAllListeners()
const loader = /"?--import=\S*@tapjs\S*"?/g
const options = process.env['NODE_OPTIONS']?.replace(loader, '').trim()
if (options) process.env['NODE_OPTIONS'] = options
else delete process.env['NODE_OPTIONS']
// What `fork` passes on.
process.execArgv = process.execArgv.filter(one => one.search(loader) < 0)
