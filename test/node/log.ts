import { existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Log } from '../../src/node/log.ts'

function linesOf(path: string): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

t.test('a line is one JSON object in plain ASCII, whatever a key holds', async t => {
  const path = join(t.testdir(), 'n1.log')
  const log = new Log({ type: 'file', path }, 'n1', () => 0)
  const evil = '\u001b]0;x\u0007\n\u0085\u202e\u{1f600}é"\\'
  log.warn('bad-key', { key: evil, bytes: 3, definite: true })
  log.close()
  const bytes = readFileSync(path)
  t.ok(bytes.every(byte => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a))
  t.same(linesOf(path), [
    {
      time: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      node: 'n1',
      event: 'bad-key',
      key: evil,
      bytes: 3,
      definite: true,
    },
  ])
})

t.test('a detail cannot pose as the head of the line, nor be endless', async t => {
  const path = join(t.testdir(), 'n1.log')
  const log = new Log({ type: 'file', path }, 'n1', () => 0)
  log.info('event', { node: 'n9', level: 'error', text: 'x'.repeat(10_000) })
  const [line] = linesOf(path)
  t.match(line, { node: 'n1', level: 'info' })
  t.equal((line!['text'] as string).length, 500)
})

t.test('a file of its own turns over, and only one older is kept', async t => {
  const path = join(t.testdir(), 'n1.log')
  const log = new Log({ type: 'file', path, bytesMax: 1000 }, 'n1', () => 0)
  for (let i = 0; i < 60; i++) log.info('line', { i })
  log.close()
  t.ok(statSync(path).size < 1100)
  t.ok(statSync(`${path}.1`).size < 1100)
  t.notOk(existsSync(`${path}.2`))
  t.equal(statSync(path).mode & 0o077, 0, 'only the owner reads it')
  const lines = [...linesOf(`${path}.1`), ...linesOf(path)]
  t.equal(lines.at(-1)?.['i'], 59)
})

t.test('an event that repeats is cut at 120 lines a minute, and the rest is counted', async t => {
  const path = join(t.testdir(), 'n1.log')
  let time = 0
  const log = new Log({ type: 'file', path }, 'n1', () => time)
  for (let i = 0; i < 500; i++) log.warn('malformed')
  log.info('other')
  time = 60_000
  log.warn('malformed')
  const lines = linesOf(path)
  t.equal(lines.filter(line => line['event'] === 'malformed').length, 121)
  t.equal(lines.filter(line => line['event'] === 'other').length, 1)
  t.equal(lines.at(-1)?.['dropped'], 380)
})

t.test('a reader that went away does not end the node', async t => {
  const path = join(t.testdir({ 'n1.log': '' }), 'n1.log')
  const log = new Log({ type: 'descriptor', fd: openSync(path, 'r') }, 'n1')
  log.info('line')
  t.pass('a write that fails is not thrown')
})

t.test('what a stranger repeats is written once in ten minutes', async t => {
  const path = join(t.testdir(), 'n1.log')
  let time = 0
  const log = new Log({ type: 'file', path }, 'n1', () => time)
  for (let i = 0; i < 10; i++) log.warnOnce('refused', { peer: 'n2', code: 'bad-proof' })
  log.warnOnce('refused', { peer: 'n3', code: 'bad-proof' })
  time = 599_999
  log.warnOnce('refused', { peer: 'n2', code: 'bad-proof' })
  t.same(
    linesOf(path).map(line => line['peer']),
    ['n2', 'n3'],
  )
  time = 600_000
  log.warnOnce('refused', { peer: 'n2', code: 'bad-proof' })
  t.equal(linesOf(path).length, 3)
})
