import t from 'tap'
import { childEnvironment } from '../../src/host/child-environment.ts'

t.test('what tunes memory is passed on, what is meant for other programs is not', async t => {
  const own = childEnvironment({ MALLOC_MMAP_THRESHOLD_: '1', DEBUG: '*', HOME: '/h' })
  t.match(own, { MALLOC_MMAP_THRESHOLD_: '1', HOME: '/h', NODE_ENV: 'production' })
  t.notOk('DEBUG' in own)
})

t.test('of NODE_OPTIONS only what finds modules under Yarn PnP stays', async t => {
  const of = (options: string) => childEnvironment({ NODE_OPTIONS: options })['NODE_OPTIONS']
  t.equal(of('--max-old-space-size=99 --require ./relative.js --inspect'), undefined)
  t.equal(of('--require /p/.pnp.cjs'), '--require /p/.pnp.cjs')
  t.equal(
    of('--inspect -r "/a b/.pnp.cjs" --experimental-loader file:///p/.pnp.loader.mjs --trace-gc'),
    '-r "/a b/.pnp.cjs" --experimental-loader file:///p/.pnp.loader.mjs',
  )
})
