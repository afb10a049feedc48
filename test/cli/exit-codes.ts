import t from 'tap'
import { exitOf, isCode, worstExit } from '../../src/cli/exit-codes.js'
import { codes } from '../../src/core/outcome.js'

t.test('every code of failure has an exit code that is no success', async t => {
  for (const code of codes) t.ok(exitOf(code) > 0, code)
})

t.test('the exit codes that scripts rely on', async t => {
  t.equal(exitOf('TOO_LARGE'), 2)
  t.equal(exitOf('NOT_FOUND'), 3)
  t.equal(exitOf('UNREACHABLE'), 4)
  t.equal(exitOf('QUORUM'), 5)
  t.equal(exitOf('CONFLICT'), 6)
  t.equal(exitOf('TIMEOUT'), 7)
  t.equal(exitOf('SETTINGS_DIFFER'), 10)
  t.equal(exitOf('DENIED'), 11)
  t.equal(exitOf('CANCELLED'), 130)
})

t.test('of several parts the worst one counts', async t => {
  t.equal(worstExit([0, 3, 0]), 3)
  t.equal(worstExit([3, 6]), 6)
  t.equal(worstExit([6, 4, 7]), 7)
  t.equal(worstExit([7, 5]), 5)
  t.equal(worstExit([]), 0)
  t.equal(worstExit([3, 2, 5]), 2)
})

t.test('a name of an object is no code', async t => {
  t.notOk(isCode('toString'))
  t.notOk(isCode(undefined))
  t.ok(isCode('QUORUM'))
})
