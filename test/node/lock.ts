import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { placeOf } from '../../src/host/place.ts'
import { bootId, isRunning } from '../../src/host/process-identity.ts'
import { takeLock } from '../../src/node/lock.ts'
import { newDirectory } from '../helpers/store-place.ts'

process.umask(0o077)

t.test('taken, refused, released, taken again', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const lock = takeLock(directory)
  t.equal(lock.wasLeft, false)
  lock.sign()
  const before = readFileSync(join(directory, 'lock'), 'utf8')
  t.throws(() => takeLock(directory), new RegExp(`is open in process ${process.pid};`))
  t.equal(readFileSync(join(directory, 'lock'), 'utf8'), before)
  lock.release()
  t.same(readdirSync(directory), [])
  const again = takeLock(directory)
  t.equal(again.wasLeft, false)
  again.sign()
  again.giveBack()
  t.same(readdirSync(directory), [], 'nothing is left behind')
})

t.test('a process that is killed gives its lock back, and the next start is told', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const taker = takerOf(directory, 0)
  t.equal(String(await once(taker.stdout, 'data')), 'taken')
  const said = new RegExp(`is open in process ${taker.pid};`)
  t.throws(() => takeLock(directory), said)
  taker.kill('SIGKILL')
  await once(taker, 'close')
  const left = readFileSync(join(directory, 'lock'), 'utf8')
  const refused = takeLock(directory)
  t.equal(refused.wasLeft, true)
  refused.sign()
  refused.giveBack()
  t.equal(readFileSync(join(directory, 'lock'), 'utf8'), left, 'given back as it was found')
  const next = takeLock(directory)
  t.equal(next.wasLeft, true)
  next.release()
  t.same(readdirSync(directory), [])
})

t.test('whom the file names counts only for an older node, and for a copy', async t => {
  const own = processOf(process.pid)
  const dead = spawnSync('true').pid
  const alive = processOf(process.ppid)
  const holders: [string, object | string, RegExp | undefined][] = [
    ['another boot', { ...own, boot: 'another' }, undefined],
    ['no such process', { ...own, pid: dead }, undefined],
    ['a pid that was reused', { ...own, pid: process.ppid, start: '1' }, undefined],
    ['half a file', '{"pid":1', undefined],
    ['an empty file', '', undefined],
    ['null', 'null', undefined],
    ['a living process, without the kernel knowing it', { ...alive, kernel: true }, undefined],
    ['a living process of a version before kernel locks', alive, /is open in process/],
    [
      'a living process with another directory',
      { ...alive, kernel: true, directory: '1:2' },
      /is a copy of/,
    ],
  ]
  for (const [what, holder, says] of holders) {
    const { directory, remove } = newDirectory()
    t.teardown(remove)
    const text =
      typeof holder === 'string'
        ? holder
        : JSON.stringify({ directory: placeOf(directory), token, ...holder })
    writeFileSync(join(directory, 'lock'), text)
    if (says !== undefined) {
      t.throws(() => takeLock(directory), { code: 'STORE_REFUSED', message: says }, what)
      t.equal(readFileSync(join(directory, 'lock'), 'utf8'), text, 'and the lock is as it was')
    } else {
      const lock = takeLock(directory)
      t.equal(lock.wasLeft, true, what)
      t.same(readdirSync(directory), ['lock'])
      lock.release()
    }
  }
})

t.test('who deletes the file is not let in while the data file is there', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const lock = takeLock(directory)
  lock.sign()
  writeFileSync(join(directory, 'data.mdb'), 'data')
  lock.guardData()
  unlinkSync(join(directory, 'lock'))
  t.throws(() => takeLock(directory), /is open in another process/)
  t.same(readdirSync(directory), ['data.mdb'], 'and has made nothing')
  lock.release()
  const next = takeLock(directory)
  t.equal(next.wasLeft, false)
  next.release()
})

t.test('of many that want a dead lock at once, one gets it', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  for (let round = 0; round < 3; round++) {
    const dead = { pid: 1, start: '0', boot: 'gone', token, directory: '' }
    writeFileSync(join(directory, 'lock'), JSON.stringify(dead))
    const at = Date.now() + 700
    const takers = [1, 2, 3, 4].map(() => takerOf(directory, at))
    const said = await Promise.all(
      takers.map(async taker => String(await once(taker.stdout, 'data'))),
    )
    t.same(said.sort(), ['refused', 'refused', 'refused', 'taken'])
    for (const taker of takers) taker.stdin.end()
    await Promise.all(takers.map(taker => once(taker, 'close')))
  }
})

t.test('what cannot be locked is an error of the system', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  mkdirSync(join(directory, 'lock'))
  t.throws(() => takeLock(directory), { code: 'EISDIR' })
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
  const seen = (pid: number) => {
    const { start, boot } = processOf(pid)
    return isRunning({ pid, startTime: start, bootId: boot })
  }
  t.equal(seen(pid), false)
  t.equal(seen(parent.pid!), true)
})

const token = 'a'.repeat(16)

/** A process that takes the lock at an instant, says how that went, and holds it. */
function takerOf(directory: string, at: number) {
  const fixture = fileURLToPath(new URL('../fixtures/lock-taker.js', import.meta.url))
  return spawn(process.execPath, [fixture, directory, String(at)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

function processOf(pid: number) {
  const start = statOf(pid).split(') ').at(-1)?.split(' ')[19] ?? ''
  return { pid, start, boot: bootId() }
}

function statOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
}
