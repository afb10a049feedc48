import t from 'tap'
import type { Key, Token } from '../../src/core/ids.ts'
import { Pending } from '../../src/core/pending.ts'
import { Quarantine } from '../../src/core/quarantine.ts'
import { quarantineRowKey } from '../../src/core/row-key.ts'
import type { StoredRow } from '../../src/core/step.ts'

t.test('bytes are kept in the next commit, once a row, and counted at the next start', async t => {
  const stored: StoredRow[] = []
  const reads = { get: () => undefined, range: () => stored }
  const pending = new Pending<string, string>()
  const quarantine = new Quarantine(reads, pending)
  const token = 'tokentok' as Token
  quarantine.keep(token, 'a' as Key, Uint8Array.of(1))
  quarantine.keep(token, 'a' as Key, Uint8Array.of(2))
  quarantine.keep(token, 'b' as Key, Uint8Array.of(3))
  t.equal(quarantine.rows, 2)
  const commit = pending.turn()
  t.match(commit, {
    rows: [
      { key: quarantineRowKey(token, 'a' as Key), value: Uint8Array.of(2) },
      { key: quarantineRowKey(token, 'b' as Key), value: Uint8Array.of(3) },
    ],
  })
  for (let i = 0; i < 10_000; i++) {
    stored.push({ key: `${i}` as never, value: new Uint8Array(0) })
  }
  const full = new Quarantine(reads, pending)
  full.keep(token, 'c' as Key, Uint8Array.of(4))
  t.equal(full.rows, 10_000, 'a store that rots away does not fill the disk')
})
