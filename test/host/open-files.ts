import t from 'tap'
import { tooFewOpenFiles } from '../../src/host/open-files.ts'

const limits = (
  soft: string,
) => `Limit                     Soft Limit           Hard Limit           Units
Max processes             95000                95000                processes
Max open files            ${soft}                 4096                 files
`

t.test('too few are named, with the number that is needed', async t => {
  const line = tooFewOpenFiles(1500, limits('1499'))
  t.match(line, /needs 1500 open files and may have 1499.*ulimit -n 1500/)
  t.equal(tooFewOpenFiles(1500, limits('1500')), undefined)
})

t.test('without a limit, or where nobody tells, there is nothing to say', async t => {
  t.equal(tooFewOpenFiles(1500, limits('unlimited')), undefined)
  t.equal(tooFewOpenFiles(1500, ''), undefined)
})
