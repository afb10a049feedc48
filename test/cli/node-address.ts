import t from 'tap'
import { listenFrom, seedsFrom } from '../../src/cli/node-address.ts'

t.test('seeds: one or several, IPv6 in brackets', async t => {
  t.same(seedsFrom('127.0.0.1:4701, [::1]:4702'), [
    { host: '127.0.0.1', port: 4701 },
    { host: '::1', port: 4702 },
  ])
  t.same(seedsFrom(''), [])
  for (const bad of ['4701', 'a:', ':1', 'a:0', 'a:65536', 'a:1:2', '::1:4701']) {
    t.throws(() => seedsFrom(bad), { code: 'USAGE' }, bad)
  }
})

t.test('listen: any port of the loopback address by itself', async t => {
  t.same(listenFrom(undefined), { host: '127.0.0.1', port: 0 })
  t.same(listenFrom('127.0.0.1:0'), { host: '127.0.0.1', port: 0 })
  t.throws(() => listenFrom('127.0.0.1'), { code: 'USAGE' })
})
