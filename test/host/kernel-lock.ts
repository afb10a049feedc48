import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs, {
  linkSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { type FileLock, isBusy, lockExisting, lockFile } from '../../src/host/kernel-lock.ts'

function held(taken: ReturnType<typeof lockExisting>): FileLock {
  if (taken === undefined || isBusy(taken)) throw new Error('not taken')
  return taken
}

t.test('who comes second is told what stands in the file, and changes nothing', async t => {
  const path = join(t.testdir(), 'lock')
  const first = held(lockFile(path))
  t.equal(first.found, undefined, 'made for this lock')
  first.write('first')
  t.same(lockFile(path), { busy: true, text: 'first' })
  t.ok(isBusy(lockExisting(path)))
  first.close()
  const second = held(lockFile(path))
  t.equal(second.found, 'first')
  second.write('2')
  t.equal(readFileSync(path, 'utf8'), '2')
  second.remove()
  t.same(readdirSync(join(path, '..')), [])
  t.equal(lockExisting(path), undefined, 'nothing is made')
})

t.test('a file that was removed or replaced is not the one of that name', async t => {
  const path = join(t.testdir(), 'lock')
  const first = held(lockFile(path))
  unlinkSync(path)
  const second = held(lockFile(path))
  second.write('second')
  first.remove()
  t.equal(readFileSync(path, 'utf8'), 'second', 'only its own file is removed')
  second.close()
})

t.test('a file that is removed between its opening and its lock is nobody’s', async t => {
  const path = join(t.testdir(), 'lock')
  const first = held(lockFile(path))
  const { openSync } = fs
  t.teardown(() => {
    fs.openSync = openSync
    syncBuiltinESMExports()
  })
  let quicker: FileLock | undefined
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    const fd = openSync(...args)
    fs.openSync = openSync
    syncBuiltinESMExports()
    first.remove()
    quicker = held(lockFile(path))
    return fd
  }
  syncBuiltinESMExports()
  t.ok(isBusy(lockFile(path)), 'it is the next one’s')
  quicker?.close()
})

t.test('a lock is not taken through a link to somebody else\u2019s file', async t => {
  const directory = t.testdir({ other: 'text' })
  symlinkSync(join(directory, 'other'), join(directory, 'lock'))
  t.throws(() => lockFile(join(directory, 'lock')), { code: 'ELOOP' })
  linkSync(join(directory, 'other'), join(directory, 'data'))
  const lock = held(lockExisting(join(directory, 'data')))
  t.ok(isBusy(lockExisting(join(directory, 'other'))), 'it is the file that is locked')
  lock.close()
})

/** Processes that are started again when they die, until each had its turns. */
async function contend(lock: string, journal: string, names: readonly string[], turns: number) {
  const fixture = fileURLToPath(new URL('../fixtures/lock-contender.js', import.meta.url))
  await Promise.all(
    names.map(async name => {
      for (;;) {
        const args = [fixture, lock, journal, name, String(turns)]
        const child = spawn(process.execPath, args, { stdio: 'inherit' })
        const [, signal] = await once(child, 'close')
        if (signal === null) return
      }
    }),
  )
}

t.test('never two holders: many processes take, leave, remove, and die with a lock', async t => {
  const directory = t.testdir()
  const [lock, journal] = [join(directory, 'lock'), join(directory, 'journal')]
  writeFileSync(lock, 'of somebody who is dead')
  await contend(lock, journal, ['a', 'b', 'c', 'd'], 20)
  const lines = readFileSync(journal, 'utf8').trim().split('\n')
  t.ok(lines.length >= 4 * 20 * 2)
  const overlaps = lines.filter((line, i) => {
    const wanted = i % 2 === 0 ? '+' : `-${lines[i - 1]?.slice(1)}`
    return i % 2 === 0 ? !line.startsWith(wanted) : line !== wanted
  })
  t.same(overlaps, [])
})
