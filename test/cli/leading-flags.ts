import t from 'tap'
import { withFlagsLast } from '../../src/cli/leading-flags.ts'

const moved = (line: string) => withFlagsLast(line.split(' ')).join(' ')

t.test('global flags may stand first', async t => {
  t.equal(moved('-c demo get k'), 'get k -c demo')
  t.equal(moved('--cluster=demo -q put k v'), 'put k v --cluster=demo -q')
  t.equal(moved('--json --timeout 2s get k -- -x'), 'get k --json --timeout 2s -- -x')
})

t.test('everything else stays where it is', async t => {
  for (const line of ['get k -c demo', '--help', '-c demo', '--version', '-x get', 'put k -- -c']) {
    t.equal(moved(line), line)
  }
})
