import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { RowKey } from '../../src/core/step.ts'
import { openStore } from '../../src/node/open-store.ts'
import { StoreFailure } from '../../src/node/store-error.ts'
import { runStoreContract, type StorePlace } from '../contracts/store.ts'
import { newDirectory, optionsFor } from '../helpers/store-place.ts'

process.umask(0o077)

function placeOf(durability: 'durable' | 'committed'): StorePlace {
  const { directory, remove } = newDirectory()
  return { open: () => openStore(optionsFor(join(directory, 'node.1'), durability)), remove }
}

t.test('the contract, durable', async t => runStoreContract(t, () => placeOf('durable')))
t.test('the contract, committed', async t => runStoreContract(t, () => placeOf('committed')))

t.test('under umask 077 nobody else may read the files', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const store = await openStore(optionsFor(join(directory, 'n1')))
  await store.commit([{ key: k('a'), value: new Uint8Array(10) }])
  const names = readdirSync(directory, { recursive: true }).map(String)
  t.same(names.sort(), ['n1', 'n1/data.mdb', 'n1/lock', 'n1/lock.mdb', 'n1/store.json'])
  for (const name of names) {
    const stat = statSync(join(directory, name))
    t.equal(stat.mode & 0o777, stat.isDirectory() ? 0o700 : 0o600, name)
  }
  await store.close()
})

t.test('rows are counted without the store’s own', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const store = await openStore(optionsFor(directory))
  t.equal(store.count(), 0)
  await store.commit(['a', 'b', 'c'].map(name => ({ key: k(name), value: new Uint8Array(1) })))
  t.equal(store.count(), 3)
  await store.commit([{ key: k('a'), value: undefined }])
  t.equal(store.count(), 2)
  await store.close()
})

t.test('a closed store refuses writes and fails reads', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const store = await openStore(optionsFor(directory))
  const rows = Array.from({ length: 3000 }, (_, i) => ({
    key: k(`a${i}`),
    value: new Uint8Array(500),
  }))
  const last = store.commit(rows)
  await store.close()
  t.equal(await last, 'durable', 'close waits for the commit under way')
  const again = await openStore(optionsFor(directory))
  t.equal(again.count(), rows.length)
  t.equal(again.commitsAtStart, store.commits() + 1, 'the clean stop was counted after it')
  await again.close()
  t.equal(await store.commit([{ key: k('a'), value: undefined }]), 'refused')
  t.throws(() => store.reads.get(k('a')), StoreFailure)
  t.throws(() => store.reads.range(k(''), k('z'), 1), StoreFailure)
  await store.close()
})

t.test('a disk that does not answer in time leaves the commit unknown', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const store = await openStore({ ...optionsFor(directory), commitDeadlineMs: 1 })
  const rows = Array.from({ length: 4000 }, (_, i) => ({
    key: k(String((i * 7919) % 10_007)),
    value: new Uint8Array(3000),
  }))
  t.equal(await store.commit(rows), 'unknown')
  t.equal(await store.commit([]), 'unknown', 'and every later one')
  t.match(store.failure()?.message, /did not answer/)
  await store.close()
})

t.test(
  'a disk that is full: unknown, nothing of it visible, and the next start is sound',
  async t => {
    const { directory, remove } = newDirectory()
    t.teardown(remove)
    const fixture = fileURLToPath(new URL('../fixtures/store-filler.js', import.meta.url))
    const shell = spawnSync(
      'sh',
      ['-c', 'ulimit -f 4000 && exec "$0" "$1" "$2"', ...[process.execPath, fixture, directory]],
      { encoding: 'utf8' },
    )
    t.equal(shell.status, 0, shell.stderr)
    const report = JSON.parse(shell.stdout.trim().split('\n').at(-1) ?? '{}')
    t.equal(report.result, 'unknown')
    t.equal(report.later, 'unknown')
    t.equal(report.torn, 0, 'no row of the failed commit is read')
    t.ok(report.acked > 0)
    const store = await openStore({ ...optionsFor(directory), create: false })
    const keys = store.reads.range(k(''), '\x02' as RowKey, 1_000_000).map(row => row.key)
    t.ok(keys.length >= report.acked, 'every acknowledged row is there')
    t.ok(keys.length % report.rows === 0, 'commits are whole')
    await store.close()
  },
)

const k = (name: string): RowKey => `\x01${name}` as RowKey
