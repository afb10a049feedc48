import t from 'tap'
import { Turns } from '../../src/client/turns.ts'

const long = 3_600_000
const limits = { leaseMs: long, waitMs: long }

t.test('one after another by name, in the order in which they came', async t => {
  const turns = new Turns()
  const order: string[] = []
  const run = async (name: string, label: string) => {
    const turn = await turns.take(name, limits, undefined)
    order.push(`${label} begins`)
    await new Promise(resolve => setImmediate(resolve))
    order.push(`${label} ends`)
    turn.end()
  }
  await Promise.all([run('k', 'a'), run('k', 'b'), run('k', 'c')])
  t.same(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  t.equal(turns.size, 0)
  const first = await turns.take('k', limits, undefined)
  t.notOk(first.isWanted())
  const second = turns.take('k', limits, undefined)
  t.ok(first.isWanted())
  const other = await turns.take('another', limits, undefined)
  t.equal(turns.size, 2)
  first.end()
  ;(await second).end()
  other.end()
  t.equal(turns.size, 0)
})

t.test('one that hangs holds up one after another, and each for its lease only', async t => {
  const turns = new Turns()
  const hanging = await turns.take('k', { leaseMs: 5, waitMs: long }, undefined)
  const order: number[] = []
  const followers = [1, 2, 3].map(async number => {
    const turn = await turns.take('k', { leaseMs: 5, waitMs: long }, undefined)
    order.push(number)
    return turn
  })
  const all = await Promise.all(followers)
  t.same(order, [1, 2, 3])
  for (const turn of [hanging, ...all]) turn.end()
  t.equal(turns.size, 0)
})

t.test(
  'who gives up waiting lets nobody in before the turn that it waited for is over',
  async t => {
    const turns = new Turns()
    const first = await turns.take('k', limits, undefined)
    const aborted = await turns.take('k', limits, AbortSignal.abort())
    const late = await turns.take('k', { leaseMs: long, waitMs: 1 }, undefined)
    let begun = false
    const next = turns.take('k', limits, undefined).then(turn => {
      begun = true
      return turn
    })
    aborted.end()
    late.end()
    await new Promise(resolve => setTimeout(resolve, 5))
    t.notOk(begun)
    first.end()
    ;(await next).end()
    t.equal(turns.size, 0)
  },
)
