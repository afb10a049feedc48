import t from 'tap'
import { CliError, failureOf } from '../../src/cli/cli-error.js'
import { KvError } from '../../src/client/errors.js'
import type { OpId } from '../../src/core/ids.ts'
import { nothingDone } from '../../src/core/outcome.ts'

t.test('keeps code, suggestions and outcome, and escapes the message', async t => {
  const error = new CliError('QUORUM', 'only 1\nof \x1b[2J', ['kv cluster status'], { needed: 2 })
  t.same(failureOf(error, false), {
    code: 'QUORUM',
    message: 'only 1 of \\e[2J',
    exit: 5,
    outcome: { needed: 2 },
    suggestions: ['kv cluster status'],
  })
})

t.test('what oclif throws while it reads the flags is a wrong usage, in one line', async t => {
  const unknown = Object.assign(new Error('Nonexistent flag: --x\nSee more help with --help'), {
    parse: {},
    flags: ['--x'],
  })
  t.match(failureOf(unknown, true), { code: 'USAGE', message: 'unknown flag: --x', exit: 2 })
  const missing = Object.assign(new Error('Missing 1 required arg:\nkey  what'), {
    parse: {},
    args: [{ name: 'key' }],
  })
  t.equal(failureOf(missing, true).message, 'missing KEY')
  const valueless = Object.assign(new Error('Flag --w expects a value'), { oclif: { exit: 1 } })
  t.equal(failureOf(valueless, true).exit, 2)
})

t.test('anything else is an unexpected error', async t => {
  t.match(failureOf(new Error('boom'), false), { code: 'INTERNAL', exit: 1 })
  t.match(failureOf('text', false), { code: 'INTERNAL', message: 'unexpected error: text' })
  t.match(failureOf(undefined, false), { code: 'INTERNAL' })
  const aborted = new DOMException('stop', 'AbortError')
  t.equal(failureOf(aborted, false).exit, 130)
})

t.test('a write that may have happened names how to try it again', async t => {
  const op = '\x01'.repeat(12) as OpId
  const failed = (definite: boolean) =>
    failureOf(
      new KvError({
        code: 'TIMEOUT',
        message: 'late',
        outcome: { ...nothingDone(2, op), definite },
      }),
      false,
    )
  t.same(failed(true).suggestions, ['kv cluster status'])
  const late = { code: 'TIMEOUT', message: 'late', outcome: nothingDone(2, op) } as const
  const unsure = new KvError({ ...late, outcome: { ...late.outcome, definite: false } })
  t.equal(
    failureOf(Object.assign(unsure, { seen: '--context abc' }), false).suggestions[1],
    `the same put or del with --op ${'01'.repeat(12)} --context abc: done at most once`,
  )
  t.same(failed(false).suggestions, [
    'kv cluster status',
    `the same put or del with --op ${'01'.repeat(12)}: done at most once`,
  ])
})

t.test('what the system forbids is one line that says what to do', async t => {
  const denied = Object.assign(new Error("EACCES: permission denied, mkdir '/x/kv'"), {
    code: 'EACCES',
    path: '/x/kv',
    syscall: 'mkdir',
  })
  t.match(failureOf(denied, false), {
    code: 'STORE_REFUSED',
    exit: 10,
    message: '/x/kv cannot be used: permission denied',
    suggestions: [/^ls -ld \/x\/kv and what is above it/],
  })
  t.match(failureOf(Object.assign(denied, { code: 'EROFS' }), false), { message: /read-only/ })
  t.match(failureOf(Object.assign(denied, { code: 'EIO' }), false), { code: 'INTERNAL' })
})
