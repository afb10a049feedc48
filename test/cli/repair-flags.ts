import t from 'tap'
import { planFrom, type RepairFlags } from '../../src/cli/repair-flags.js'
import { tokenOf } from '../../src/core/hash.ts'
import type { Key } from '../../src/core/ids.ts'
import { nodeHash } from '../../src/node/hash.ts'
import { five, viewOf } from '../helpers/session-world.ts'

const view = viewOf(five)
const nothing: RepairFlags = {
  all: false,
  range: undefined,
  partition: undefined,
  key: undefined,
  node: undefined,
  preview: false,
  check: false,
  throttle: undefined,
  concurrency: 4,
}
const plan = (flags: Partial<RepairFlags>) => planFrom({ ...nothing, ...flags }, view)

t.test('a part, a node, a way', async t => {
  t.match(plan({ all: true }), { way: 'repair', node: undefined, concurrency: 4 })
  t.match(plan({ range: '25%..50%', check: true }), { way: 'check', ranges: [{ first: /^@/ }] })
  t.match(plan({ node: 'n2', preview: true }), { way: 'preview', node: 'n2', ranges: [{}] })
  const token = tokenOf(nodeHash, 'cart:7' as Key)
  t.match(plan({ key: 'cart:7' }).ranges, [{ first: token, last: token }])
  t.throws(() => plan({}), { code: 'USAGE', message: 'say what to repair' })
  t.throws(() => plan({ node: 'n9' }), { code: 'UNKNOWN_NODE' })
  t.throws(() => plan({ partition: '999' }), { code: 'USAGE' })
})

t.test('a rate is of all nodes together', async t => {
  const all = { all: true }
  t.match(plan({ ...all, throttle: '10MB/s' }), { bytesPerSecond: 2_000_000 })
  t.match(plan({ ...all, throttle: '500keys/s' }), { keysPerSecond: 100 })
  t.match(plan({ ...all, throttle: '2keys/s' }), { keysPerSecond: 1 })
  t.match(plan({ node: 'n2', throttle: '1 key/s' }), { keysPerSecond: 1 })
  t.match(plan(all), { keysPerSecond: undefined, bytesPerSecond: undefined })
  for (const throttle of ['', '10', '10MB', '0keys/s', '0B/s', '10MB/m', '1MB/s/s']) {
    t.throws(() => plan({ ...all, throttle }), { code: 'USAGE', message: /write 10MB\/s or/ })
  }
})
