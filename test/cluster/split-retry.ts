/**
 * An operation that is sent again through another node while a split keeps its first try apart
 * takes effect once, in real processes, by the commands that docs/guarantees.md gives.
 */
import t from 'tap'
import { LocalClusters } from '../helpers/local-clusters.ts'

t.setTimeout(600_000)

type Placed = { readonly preference: readonly { readonly node: string }[] }
type Got = { readonly siblings?: readonly unknown[] }
type Outcome = { readonly op: string }
type Failed = { readonly error?: { readonly outcome?: Outcome }; readonly outcome?: Outcome }

t.test('a deleted value is not back after a split, a retry and eight later writes', async t => {
  const clusters = await LocalClusters.make(t)
  await clusters.up('retry', '-n', '5')
  const key = 'cart:9'
  const kv = async (...words: readonly string[]) => {
    const ran = await clusters.kv([...words, '--cluster', 'retry'])
    return { exit: ran.exit, text: ran.text.trim() }
  }
  const placed = await clusters.json<Placed>(['ring', key, '--cluster', 'retry'])
  const [alone, other] = placed.preference.map(({ node }) => node) as [string, string]
  t.equal((await kv('put', key, 'before')).exit, 0)
  const context = (await kv('get', key, '--context-only')).text
  t.equal((await kv('net', 'isolate', alone)).exit, 0)
  const first = await kv(
    ...['put', key, 'VALUE', '--context', context, '--strict'],
    ...['--via', alone, '--timeout', '2s', '--json'],
  )
  const { op } = outcomeOf(JSON.parse(first.text) as Failed)
  const again = ['put', key, 'VALUE', '--context', context, '--op', op, '--strict', '--via', other]
  t.equal((await kv(...again)).exit, 0, 'the second send is acknowledged')
  for (let i = 1; i <= 7; i++) {
    t.equal((await kv('put', key, `later${i}`, '--strict', '--via', other)).exit, 0)
  }
  t.equal((await kv('del', key, '--strict', '--via', other)).exit, 0)
  t.equal((await kv('get', key, '--strict', '--via', other)).exit, 3, 'it is deleted')
  t.equal((await kv('net', 'heal')).exit, 0)
  for (let i = 0; i < 8; i++) {
    await new Promise(resolve => setTimeout(resolve, 2000))
    const got = await kv('get', key, '--strict', '--json')
    t.equal(got.exit, 3, got.exit === 3 ? 'not found' : JSON.stringify(JSON.parse(got.text) as Got))
  }
})

function outcomeOf(failed: Failed): Outcome {
  const outcome = failed.outcome ?? failed.error?.outcome
  if (outcome === undefined) throw new Error(`no outcome: ${JSON.stringify(failed)}`)
  return outcome
}
