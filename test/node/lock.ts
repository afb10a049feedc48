import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { takeLock } from '../../src/node/lock.ts'
import { isRunning, ownProcess } from '../../src/node/process-identity.ts'
import { StoreRefused } from '../../src/node/store-error.ts'
import { newDirectory } from '../helpers/store-place.ts'

process.umask(0o077)

t.test('taken, refused, released, taken again', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const lock = takeLock(directory)
  t.equal(lock.wasLeft, false)
  t.throws(() => takeLock(directory), StoreRefused)
  lock.release()
  t.same(readdirSync(directory), [])
  const again = takeLock(directory)
  t.equal(again.wasLeft, false)
  again.abandon()
  const third = takeLock(directory)
  t.equal(third.wasLeft, true, 'an abandoned lock tells that the stop was not clean')
  third.release()
  t.same(readdirSync(directory), [], 'nothing is left behind')
})

t.test('who holds a lock, and who no longer does', async t => {
  const own = ownProcess()
  const dead = spawnSync('true').pid
  const holders: [string, object | string, boolean][] = [
    ['another boot', { ...own, boot: 'another' }, false],
    ['no such process', { ...own, pid: dead }, false],
    [
      'a process of another start time (the pid was reused)',
      { ...own, pid: process.ppid, start: '1' },
      false,
    ],
    ['half a file', '{"pid":1', false],
    ['an empty file', '', false],
    ['null', 'null', false],
    ['this process, with a token that it does not hold', own, false],
    ['a living process', processOf(process.ppid), true],
  ]
  for (const [what, holder, holds] of holders) {
    const { directory, remove } = newDirectory()
    t.teardown(remove)
    const text =
      typeof holder === 'string' ? holder : JSON.stringify({ ...holder, token, directory: '' })
    writeFileSync(join(directory, 'lock'), text)
    if (holds) {
      t.throws(() => takeLock(directory), { code: 'STORE_REFUSED' }, what)
      t.equal(readFileSync(join(directory, 'lock'), 'utf8'), text, 'and the lock is as it was')
    } else {
      const lock = takeLock(directory)
      t.equal(lock.wasLeft, true, what)
      t.same(readdirSync(directory), ['lock'])
      lock.release()
    }
  }
})

t.test('a claim that a crash left behind does not block the next one', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const dead = { pid: 1, start: '0', boot: 'gone', token, directory: '' }
  writeFileSync(join(directory, 'lock'), JSON.stringify(dead))
  writeFileSync(
    join(directory, `lock.after-${token}`),
    JSON.stringify({ ...dead, token: 'b'.repeat(16) }),
  )
  const lock = takeLock(directory)
  t.equal(lock.wasLeft, true)
  t.same(readdirSync(directory), ['lock'])
})

t.test('of many that want a dead lock at once, one gets it', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const fixture = fileURLToPath(new URL('../fixtures/lock-taker.js', import.meta.url))
  for (let round = 0; round < 3; round++) {
    const dead = { pid: 1, start: '0', boot: 'gone', token, directory: '' }
    writeFileSync(join(directory, 'lock'), JSON.stringify(dead))
    const at = String(Date.now() + 700)
    const takers = [1, 2, 3, 4].map(() =>
      spawn(process.execPath, [fixture, directory, at], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    const said = await Promise.all(
      takers.map(async taker => String(await once(taker.stdout, 'data'))),
    )
    t.same(said.sort(), ['refused', 'refused', 'refused', 'taken'])
    for (const taker of takers) taker.stdin.end()
    await Promise.all(takers.map(taker => once(taker, 'close')))
  }
})

t.test('a zombie does not run', { skip: !existsSync('/proc/self/stat') }, async t => {
  // sh starts a child and becomes a sleep, which never reaps that child when it ends.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => parent.kill('SIGKILL'))
  const pid = Number(await once(parent.stdout, 'data'))
  for (let tries = 0; tries < 500 && !statOf(pid).includes(') Z '); tries++) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  t.match(statOf(pid), /\) Z /)
  t.equal(isRunning(processOf(pid)), false)
  t.equal(isRunning(processOf(parent.pid!)), true)
})

const token = 'a'.repeat(16)

function processOf(pid: number) {
  const start = statOf(pid).split(') ').at(-1)?.split(' ')[19] ?? ''
  return { pid, start, boot: ownProcess().boot }
}

function statOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
}
