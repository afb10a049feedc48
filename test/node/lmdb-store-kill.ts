import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { RowKey } from '../../src/core/step.ts'
import { openStore } from '../../src/node/open-store.ts'
import { newDirectory, optionsFor } from '../helpers/store-place.ts'

process.umask(0o077)
t.jobs = 2

for (const lane of [0, 1]) {
  t.test(
    `kill -9 loses no acknowledged pair and tears none, ${lane}`,
    { buffered: true },
    async t => {
      const { directory, remove } = newDirectory()
      t.teardown(remove)
      const fixture = fileURLToPath(new URL('../fixtures/store-writer.js', import.meta.url))
      let acked = -1
      for (let kill = 0; kill < 10; kill++) {
        const last = await killedWriter(fixture, directory, acked + 1, (kill * 37 + lane * 23) % 60)
        acked = Math.max(acked, last)
        const store = await openStore({ ...optionsFor(directory), create: false })
        const rows = new Map(
          store.reads
            .range(k(''), '\x02' as RowKey, 1_000_000)
            .map(row => [row.key as string, row]),
        )
        let missing = 0
        let torn = 0
        for (let i = 0; i <= acked; i++)
          if (!rows.has(k(`a${i}`)) || !rows.has(k(`b${i}`))) missing++
        for (const key of rows.keys()) {
          const twin = key[1] === 'a' ? `b${key.slice(2)}` : `a${key.slice(2)}`
          const other = rows.get(k(twin))
          const same = other && Buffer.compare(other.value, rows.get(key)!.value) === 0
          if (!same) torn++
        }
        t.equal(missing, 0, `kill ${kill}: ${acked + 1} pairs acknowledged`)
        t.equal(torn, 0)
        t.equal(store.identity.whole, true)
        acked = Math.max(acked, rows.size / 2 - 1)
        await store.close()
      }
      t.ok(acked > 100, `${acked + 1} pairs were written`)
    },
  )
}

/** Runs the writer until it has acked so many commits, kills it at the next; the last pair it acked. */
function killedWriter(fixture: string, directory: string, from: number, commits: number) {
  return new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [fixture, directory, String(from)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.split('\n').length > commits) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the writer ended by itself: ${code} ${signal}`))
      const lines = output.split('\n').slice(0, -1)
      resolve(Number(lines.at(-1) ?? from - 1))
    })
  })
}

const k = (name: string): RowKey => `\x01${name}` as RowKey
