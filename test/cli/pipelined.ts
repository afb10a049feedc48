import t from 'tap'
import { inTurn, pipelined } from '../../src/cli/pipelined.js'

const pause = () => new Promise<void>(resolve => setImmediate(resolve))

t.test('results come in order and no more than the limit is under way', async t => {
  let underWay = 0
  let most = 0
  const results: number[] = []
  const things = Array.from({ length: 50 }, (_, i) => i)
  for await (const result of pipelined(things, 8, async i => {
    most = Math.max(most, ++underWay)
    for (let n = 0; n <= (i * 7) % 5; n++) await pause()
    underWay--
    return i * 2
  })) {
    results.push(result)
  }
  t.same(
    results,
    things.map(i => i * 2),
  )
  t.equal(most, 8)
})

t.test('a failure ends it once what was begun has ended', async t => {
  const begun: number[] = []
  let ended = 0
  const work = pipelined([1, 2, 3, 4, 5, 6], 3, async i => {
    begun.push(i)
    await pause()
    ended++
    if (i === 2) throw new Error('two')
    return i
  })
  await t.rejects(async () => {
    for await (const _ of work) await pause()
  }, /two/)
  t.equal(ended, begun.length)
  t.notOk(begun.includes(6))
})

t.test('where the things fail, what came before them is told first', async t => {
  async function* things() {
    yield 1
    yield 2
    throw new Error('no third')
  }
  const seen: number[] = []
  await t.rejects(async () => {
    for await (const i of pipelined(things(), 8, async i => i)) seen.push(i)
  }, /no third/)
  t.same(seen, [1, 2])
})

t.test('works of one name run one after the other', async t => {
  const run = inTurn<void>()
  const log: string[] = []
  const work = (name: string) => async () => {
    log.push(`${name} begins`)
    await pause()
    log.push(`${name} ends`)
  }
  await Promise.all([run('a', work('a1')), run('b', work('b1')), run('a', work('a2'))])
  t.ok(log.indexOf('a1 ends') < log.indexOf('a2 begins'))
  t.ok(log.indexOf('b1 begins') < log.indexOf('a1 ends'))
})
