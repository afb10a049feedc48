/** `kv repair` in real processes: exactly what was planted is found, moved and counted. */
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { startCliCluster } from '../helpers/cli-cluster.ts'
import { flipIn } from '../helpers/flip.ts'
import { loseRows } from '../helpers/lost-rows.ts'

t.setTimeout(300_000)
const { kv, act, stop, directory } = await startCliCluster(5)
t.teardown(stop)

const keys = Array.from({ length: 5000 }, (_, i) => `key ${i}`)
const json = async (words: readonly string[]) => {
  const ran = await kv([...words, '--json'])
  return {
    exit: ran.exit,
    records: ran.text
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
  }
}
const last = async (words: readonly string[]) => {
  const { exit, records } = await json(words)
  return { exit, ...records.at(-1) }
}

/** Stops the node, takes so many rows of the second quarter from it, and starts it again. */
async function plant(node: string, count: number, but: ReadonlySet<string>) {
  await act(node, 'stop')
  const lost = await loseRows(directory, node, count, row => {
    const top = row.charCodeAt(1)
    return top >= 0x40 && top < 0x80 && !but.has(row.slice(9))
  })
  await act(node, 'start')
  return lost
}

t.test('a range with 231 planted differences: 231 keys, on the nodes that lacked them', async t => {
  const records = keys.map(key =>
    JSON.stringify({ key, value: `value of ${key}`, encoding: 'utf8' }),
  )
  t.equal((await kv(['import', '-'], `${records.join('\n')}\n`)).exit, 0)
  const lost = [...(await plant('n5', 204, new Set()))]
  t.equal((await kv(['repair', 'pause'])).exit, 0)
  lost.push(...(await plant('n4', 28, new Set(lost))))
  t.equal((await kv(['repair', 'pause'])).exit, 0)
  t.equal(new Set(lost).size, 232)
  // A process that has just begun says for some seconds that it is not ready.
  await pause(8000)
  const check = await last(['repair', '--range', '25%..50%', '--check'])
  t.match(check, { type: 'done', exit: 9, keys: 232, perNode: { n4: 28, n5: 204 } })
  const preview = await json(['repair', '--range', 'p4..p8', '--preview'])
  const moves = preview.records.filter(record => record.type === 'move')
  t.same(moves.map(move => move.key).sort(), [...lost].sort())
  t.ok(moves.every(move => move.held[move.to].length === 0 && move.held[move.from].length === 1))
  t.match(
    await last(['repair', '--range', '0x80..0x40']),
    { exit: 0, keys: 0 },
    'the rest is equal',
  )
  const one = await last(['repair', '--key', lost[0] ?? ''])
  t.match(one, { exit: 0, keys: 1, copies: 1, perNode: { n5: 1 } })
  const ran = await kv(['repair', '--range', '0x40..0x80'])
  t.equal(ran.exit, 0, ran.errors)
  t.match(ran.text, /100 % {2}231 keys/)
  t.match(ran.text, /^repaired 231 keys \(copies on n4 28, n5 203; .*\), 4 partitions in /m)
  t.match(await last(['repair', '--all']), { exit: 0, keys: 0, left: 0, partitions: 16, done: 16 })
  for (const key of lost.slice(0, 20)) {
    const held = await kv(['ring', key, '--json'])
    const { preference } = JSON.parse(held.text)
    t.ok(preference.every((replica: { versions: unknown[] }) => replica.versions.length === 1))
  }
})

t.test('a flipped byte in a data file is found by a scrub, mended, and never served', async t => {
  const [key, value] = ['key 4777', 'value of key 4777']
  const held = JSON.parse((await kv(['ring', key, '--json'])).text)
  const node: string = held.preference[0].node
  await act(node, 'stop')
  t.ok(flipIn(directory, node, value) > 0)
  await act(node, 'start')
  t.equal((await kv(['repair', 'pause'])).exit, 0)
  await pause(8000)
  const get = async () => {
    const ran = await kv(['get', key, '--via', node, '--read-repair', 'off'])
    t.match(ran, { exit: 0, text: value })
  }
  await get()
  t.match(await kv(['stats']), {
    errors: `kv: warning: ${node} holds 1 damaged row: kv repair --scrub --node ${node}\n`,
  })
  const check = await json(['repair', '--all', '--check', '--scrub'])
  t.equal(check.exit, 9)
  t.match(
    check.records.filter(record => record.type === 'done'),
    [
      { way: 'verify', damaged: 1, drifted: 0 },
      { way: 'check', keys: 1, perNode: { [node]: 1 } },
    ],
  )
  await get()
  const ran = await kv(['repair', '--all', '--scrub'])
  t.equal(ran.exit, 0, ran.errors)
  t.match(
    ran.text,
    /^read 15,000 rows in .*: 1 damaged and kept aside, 0 sums wrong and put right$/m,
  )
  t.match(ran.text, new RegExp(`^repaired 1 key \\(copies on ${node} 1; `, 'm'))
  await get()
  t.match(await last(['repair', '--all', '--check', '--scrub']), { exit: 0, keys: 0 })
  t.match(await kv(['stats']), { errors: '' })
})
