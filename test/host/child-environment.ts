import t from 'tap'
import { childEnvironment } from '../../src/host/child-environment.ts'

t.test('what memory goes back by is set, unless the caller sets it', async t => {
  t.equal(childEnvironment({})['MALLOC_MMAP_THRESHOLD_'], '262144')
  const own = childEnvironment({ MALLOC_MMAP_THRESHOLD_: '1', DEBUG: '*', HOME: '/h' })
  t.match(own, { MALLOC_MMAP_THRESHOLD_: '1', HOME: '/h', NODE_ENV: 'production' })
  t.notOk('DEBUG' in own)
})
