/** A machine for which the library behind the locks has no binary, and what is made of it. */
import { readdirSync } from 'node:fs'
import Module from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { takeLock } from '../../src/cluster/lock-file.ts'
import { withoutLibrary } from '../../src/host/native-locks.ts'
import { openStore } from '../../src/node/open-store.ts'
import { optionsFor } from '../helpers/store-place.ts'

type Load = (this: unknown, request: string, ...rest: readonly unknown[]) => unknown

/** Through Node's own loader, which nothing in this process has asked for the library yet. */
function withoutBinary(t: Pick<typeof import('tap').t, 'teardown'>): void {
  const loader = Module as unknown as { _load: Load }
  const load = loader._load
  loader._load = function (request, ...rest) {
    if (request !== 'fs-native-extensions') return load.call(this, request, ...rest)
    const code = 'ADDON_NOT_FOUND'
    throw Object.assign(new Error('Cannot find addon\n  in 12\n  places'), { code })
  }
  t.teardown(() => {
    loader._load = load
  })
}

const refusal = { code: 'STORE_REFUSED', message: /^[ -~]*has no binary for [ -~]+$/ }

t.test('a cluster refuses it in one line, and makes no file', async t => {
  const directory = t.testdir()
  withoutBinary(t)
  t.throws(() => takeLock(join(directory, 'lock')), refusal)
  t.same(readdirSync(directory), [])
})

t.test('so does a node', async t => {
  const directory = t.testdir()
  withoutBinary(t)
  await t.rejects(openStore(optionsFor(directory)), refusal)
  t.same(readdirSync(directory), [])
})

t.test('the machine is named, with what to do', async t => {
  const machine = { platform: 'linux', arch: 'x64', glibc: '2.36' }
  t.match(withoutLibrary(machine), /linux-x64 with glibc 2\.36: run npm ci on this machine$/)
  const musl = withoutLibrary({ ...machine, glibc: undefined })
  t.match(musl, /linux-x64 with musl: musl \(Alpine\) is not supported/)
  const mac = withoutLibrary({ platform: 'darwin', arch: 'arm64', glibc: undefined })
  t.match(mac, /darwin-arm64: run npm ci on this machine$/)
})
