import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { decodeRecord } from '../../src/core/causality/record.ts'
import type { ClusterId, NodeId, StoreId } from '../../src/core/ids.ts'
import { keyOfRow } from '../../src/core/row-key.ts'
import type { RowKey } from '../../src/core/step.ts'
import { openEnvironment } from '../../src/node/lmdb-environment.ts'
import { openStore, type StoreOptions } from '../../src/node/open-store.ts'
import { StoreRefused } from '../../src/node/store-error.ts'
import { golden, goldenDataFile, goldenObject } from '../helpers/golden.ts'
import { nodeHash } from '../helpers/hash.ts'
import { founder, newDirectory, optionsFor } from '../helpers/store-place.ts'

process.umask(0o077)

/** A store with 2,000 rows, cleanly stopped, in a new directory. */
async function usedStore(t: Test, durability: 'durable' | 'committed' = 'durable') {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  const store = await openStore(optionsFor(directory, durability))
  const rows = Array.from({ length: 2000 }, (_, i) => ({ key: k(i), value: new Uint8Array(100) }))
  await store.commit(rows)
  await store.close()
  return directory
}

/** Opening is refused with one ASCII line that matches, and changes no file of the store. */
async function refuses(t: Test, options: StoreOptions, says: RegExp) {
  const files = ['data.mdb', 'store.json'].map(name => join(options.directory, name))
  const before = files.map(contentOf)
  try {
    await (await openStore(options)).close()
    t.fail('the store was opened')
  } catch (error) {
    t.ok(error instanceof StoreRefused, String(error))
    t.match(error, { code: 'STORE_REFUSED', message: says })
    t.match((error as Error).message, /^[ -~]+$/)
  }
  t.same(files.map(contentOf), before)
}

t.test('a store made with the cluster is whole, a later one is not', async t => {
  const first = newDirectory()
  t.teardown(first.remove)
  const born = await openStore(optionsFor(first.directory))
  t.match(born.identity, { store: founder.store, whole: true, unwholeBecause: undefined })
  await born.close()
  const second = newDirectory()
  t.teardown(second.remove)
  const { founder: _, ...later } = optionsFor(second.directory)
  const store = await openStore(later)
  t.match(store.identity, { whole: false, unwholeBecause: 'it was made after the cluster' })
  t.equal(store.identity.store.length, 8)
  const id = store.identity.store
  await store.close()
  const again = await openStore({ ...later, create: false })
  t.match(again.identity, { store: id, whole: false })
  await again.close()
  await refuses(t, { ...later, founder }, /belongs to store/)
})

t.test('without leave nothing is made', async t => {
  const { directory, remove } = newDirectory()
  t.teardown(remove)
  await refuses(t, { ...optionsFor(directory), create: false }, /holds no store/)
  const nowhere = join(directory, 'nowhere')
  await refuses(t, { ...optionsFor(nowhere), create: false }, /holds no store/)
  t.notOk(existsSync(nowhere))
  writeFileSync(join(directory, 'file'), '')
  await refuses(t, optionsFor(join(directory, 'file')), /cannot be used/)
})

t.test('a creation that a crash cut short is finished', async t => {
  const directory = await usedStore(t)
  unlinkSync(join(directory, 'store.json'))
  const store = await openStore(optionsFor(directory))
  t.equal(store.count(), 2000)
  t.ok(existsSync(join(directory, 'store.json')))
  await store.close()
  const half = newDirectory()
  t.teardown(half.remove)
  mkdirSync(join(half.directory, 'making'))
  writeFileSync(join(half.directory, 'making', 'data.mdb'), '')
  const made = await openStore(optionsFor(half.directory))
  t.equal(made.identity.whole, true)
  t.notOk(existsSync(join(half.directory, 'making')))
  await made.close()
})

const damages: Record<string, [(data: string) => void, RegExp]> = {
  missing: [unlinkSync, /data.mdb is missing although/],
  empty: [data => truncateSync(data, 0), /data.mdb is empty/],
  text: [data => writeFileSync(data, 'hello\n'.repeat(5000)), /not a data file of LMDB \(first/],
  'short text': [data => writeFileSync(data, 'hello\n'), /not a data file of LMDB/],
  'cut to one page': [data => truncateSync(data, 4096), /cut off \(4096 bytes\)/],
  'cut inside a page': [data => truncateSync(data, 40_000), /cut off \(40000 bytes\)/],
  'cut in half': [halve, /damaged and left as it is/],
  'first meta zeroed': [data => overwrite(data, 0, 4096), /not a data file of LMDB \(first/],
  'second meta zeroed': [data => overwrite(data, 4096, 4096), /not a data file .* \(second/],
  'a new environment': [replaceByEmpty, /holds no store of Kvorum/],
}
for (const [what, [damage, says]] of Object.entries(damages)) {
  t.test(`a data file that is damaged is refused: ${what}`, async t => {
    const directory = await usedStore(t)
    damage(join(directory, 'data.mdb'))
    await refuses(t, optionsFor(directory), says)
    await refuses(t, optionsFor(directory), says)
    await refuses(t, { ...optionsFor(directory), create: false }, says)
  })
}

t.test('another cluster’s, another node’s, another store, a later format', async t => {
  const directory = await usedStore(t)
  const options = optionsFor(directory)
  const json = join(directory, 'store.json')
  const others: [StoreOptions, RegExp][] = [
    [{ ...options, cluster: 'x'.repeat(16) as ClusterId }, /belongs to cluster (63)+, not (78)+;/],
    [{ ...options, node: 'n2' as NodeId }, /belongs to node n1, not n2;/],
    [
      { ...options, founder: { store: 'y'.repeat(8) as StoreId } },
      /belongs to store (73)+, not (79)+;/,
    ],
  ]
  for (const [other, says] of others) await refuses(t, other, says)
  const text = readFileSync(json, 'utf8')
  unlinkSync(json)
  for (const [other, says] of others) await refuses(t, other, says)
  writeFileSync(json, text.replace('"format": 2', '"format": 3'))
  await refuses(t, options, /has format 3, made by a later version/)
  for (const bad of ['', '{', 'null', '{"format":1}', '{"format":2}', text.replace('n1', '../x')]) {
    writeFileSync(json, bad)
    await refuses(t, options, /store.json is damaged/)
  }
  writeFileSync(json, text)
  const environment = openEnvironment(directory, 'durable')
  const row = Buffer.from(environment.get(Buffer.from('\0identity'))!).toString()
  for (const [bad, says] of [
    [row.replace('"format":2', '"format":9'), /has format 9/],
    [row.replace('"whole":true', '"whole":1'), /data.mdb is damaged/],
    ['{', /data.mdb is damaged/],
  ] as const) {
    await environment.put(Buffer.from('\0identity'), Buffer.from(bad))
    await refuses(t, options, says)
  }
  await environment.close()
})

t.test(
  'a store that an earlier version made is read, and is of this format from then on',
  async t => {
    const { directory, remove } = newDirectory()
    t.teardown(remove)
    writeFileSync(join(directory, 'data.mdb'), goldenDataFile())
    writeFileSync(join(directory, 'store.json'), JSON.stringify(golden.store.storeJson))
    const founder = { store: 'S'.repeat(8) as StoreId }
    const cluster = 'C'.repeat(16) as ClusterId
    const store = await openStore({ ...optionsFor(directory), cluster, founder, create: false })
    const rows = store.reads.range('\x10' as RowKey, '\x50' as RowKey, 10)
    t.equal(rows.length, 3)
    const { key, value } = rows[0]!
    const record = decodeRecord(nodeHash, keyOfRow(key).key, value)
    t.same(record?.siblings, goldenObject('many'))
    await store.close()
    const environment = openEnvironment(directory, 'durable')
    const row = Buffer.from(environment.get(Buffer.from('\0identity'))!).toString()
    await environment.close()
    // Whoever wrote it before says so, and refuses: "has format 2, made by a later version".
    t.match(row, '"format":2')
  },
)

t.test('a crash while reading puts the directory into quarantine', async t => {
  const directory = await usedStore(t)
  const data = join(directory, 'data.mdb')
  const sound = readFileSync(data)
  // Zeroed leaf pages make LMDB abort: only a child may find that out.
  overwrite(data, 2 * 4096, statSync(data).size - 2 * 4096)
  leaveLock(directory)
  await refuses(t, optionsFor(directory), /damaged and left as it is: .*remove its file/)
  t.ok(existsSync(join(directory, 'quarantined')))
  t.ok(existsSync(join(directory, 'lock')), 'the next start still sees an unclean stop')
  writeFileSync(data, sound)
  await refuses(t, optionsFor(directory), /damaged and left as it is/)
  unlinkSync(join(directory, 'quarantined'))
  const store = await openStore(optionsFor(directory))
  t.equal(store.count(), 2000)
  await store.close()
})

t.test('rows that are lost without an error are found by the count', async t => {
  const directory = await usedStore(t)
  const data = join(directory, 'data.mdb')
  spoilLeaves(data)
  leaveLock(directory)
  await refuses(t, optionsFor(directory), /of 2002 rows can be read/)
})

t.test('an unclean stop: the rows are there, whole unless committed and rebooted', async t => {
  for (const durability of ['durable', 'committed'] as const) {
    const directory = await usedStore(t, durability)
    killDuringRun(directory, durability)
    t.ok(existsSync(join(directory, 'lock')))
    const killed = await openStore(optionsFor(directory, durability))
    t.equal(killed.identity.whole, true, 'the same boot: the page cache has it')
    t.equal(killed.count(), 2001)
    await killed.close()
    killDuringRun(directory, durability)
    await pretendReboot(directory)
    for (const later of [1, 2]) {
      const store = await openStore(optionsFor(directory, durability))
      t.equal(store.count(), 2001)
      t.equal(store.identity.whole, durability === 'durable', `start ${later} after the reboot`)
      if (durability === 'committed') t.match(store.identity.unwholeBecause, /not stopped cleanly/)
      await store.close()
    }
  }
})

t.test('after a clean stop a reboot changes nothing, in either mode', async t => {
  for (const durability of ['durable', 'committed'] as const) {
    const directory = await usedStore(t, durability)
    await pretendReboot(directory)
    const store = await openStore(optionsFor(directory, durability))
    t.equal(store.identity.whole, true)
    await store.close()
  }
})

t.test('a lock that someone deleted does not hide an unclean stop', async t => {
  const directory = await usedStore(t)
  killDuringRun(directory, 'durable')
  unlinkSync(join(directory, 'lock'))
  spoilLeaves(join(directory, 'data.mdb'))
  await refuses(t, optionsFor(directory), /of \d+ rows can be read/)
})

t.test('two on one directory: the second is refused and told by whom', async t => {
  const directory = await usedStore(t)
  const store = await openStore(optionsFor(directory))
  await refuses(t, optionsFor(directory), new RegExp(`is open in process ${process.pid};`))
  const other = spawnSync(process.execPath, [fixture('store-once.js'), directory, 'durable'], {
    encoding: 'utf8',
  })
  t.match(other.stderr, new RegExp(`is open in process ${process.pid};`))
  t.not(other.status, 0)
  t.equal(store.count(), 2000)
  t.equal(await store.commit([{ key: k(1), value: undefined }]), 'durable')
  const copy = `${directory}-copy`
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(directory, copy, { recursive: true })
  await refuses(t, optionsFor(copy), /is a copy of a directory that process \d+ has open/)
  await store.close()
  const later = await openStore(optionsFor(copy))
  t.equal(later.count(), 1999, 'a copy whose origin is stopped may be used')
  await later.close()
})

/** Leaf pages (flag 2 at byte 18) lose their last ten rows (2 bytes each, counted at byte 20). */
function spoilLeaves(data: string): void {
  const bytes = readFileSync(data)
  for (let page = 2 * 4096; page < bytes.length; page += 4096) {
    const rows = bytes.readUInt16LE(page + 20) / 2
    if (bytes.readUInt16LE(page + 18) === 2 && rows > 10) {
      bytes.writeUInt16LE(2 * (rows - 10), page + 20)
    }
  }
  writeFileSync(data, bytes)
}

function leaveLock(directory: string): void {
  const dead = { pid: 1, start: '0', boot: 'gone', token: 'a'.repeat(16), directory: '' }
  writeFileSync(join(directory, 'lock'), JSON.stringify(dead))
}

/** A process opens the store, commits row 2,000 and is killed by itself. */
function killDuringRun(directory: string, durability: string): void {
  const child = spawnSync(process.execPath, [
    fixture('store-once.js'),
    directory,
    durability,
    'die',
  ])
  if (child.signal !== 'SIGKILL') throw new Error(`${child.status} ${child.stderr}`)
}

/** Makes the identity row say that the last run was under another boot. */
async function pretendReboot(directory: string): Promise<void> {
  const environment = openEnvironment(directory, 'durable')
  const row = Buffer.from(environment.get(Buffer.from('\0identity'))!).toString()
  const other = row.replace(/"boot":"[^"]*"/, '"boot":"another"')
  await environment.put(Buffer.from('\0identity'), Buffer.from(other))
  await environment.close()
}

function halve(data: string): void {
  truncateSync(data, Math.floor(statSync(data).size / 8192) * 4096)
}

function overwrite(data: string, at: number, length: number): void {
  const bytes = readFileSync(data)
  bytes.fill(0, at, at + length)
  writeFileSync(data, bytes)
}

/** What LMDB itself makes of an empty file. */
function replaceByEmpty(data: string): void {
  const aside = `${data}.aside`
  const script = `import { open } from 'lmdb'
    const environment = open(process.argv[1], { noSubdir: false, encoding: 'binary' })
    await environment.put('x', Buffer.from('y'))
    await environment.close()`
  execFileSync(process.execPath, ['--input-type=module', '-e', script, aside])
  renameSync(join(aside, 'data.mdb'), data)
  rmSync(aside, { recursive: true })
}

function contentOf(path: string): string | undefined {
  return existsSync(path) && statSync(path).isFile() ? readFileSync(path, 'latin1') : undefined
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))
}

const k = (n: number): RowKey => `\x01${String(n).padStart(6, '0')}` as RowKey
