import t from 'tap'
import { Draws } from '../../src/sim/draw.ts'

t.test('a draw depends on seed, purpose, entity and index, and on nothing else', async t => {
  const first = new Draws(7).of('net', 'n1>n2')
  const values = Array.from({ length: 100 }, () => first.next())
  const draws = new Draws(7)
  for (const other of ['a', 'b', 'c']) draws.of('fault', other).next()
  const again = draws.of('net', 'n1>n2')
  for (const value of values) {
    draws.of('net', 'n2>n1').next()
    t.equal(again.next(), value)
  }
  for (const different of [
    new Draws(8).of('net', 'n1>n2'),
    new Draws(7).of('disk', 'n1>n2'),
    new Draws(7).of('net', 'n2>n1'),
    new Draws(7 + 2 ** 32).of('net', 'n1>n2'),
  ]) {
    t.not(different.next(), values[0])
  }
  t.equal(new Set(values).size, 100)
})

t.test('the same on every engine', async t => {
  const draw = new Draws(1).of('golden')
  t.same(
    Array.from({ length: 4 }, () => draw.next()),
    [1557709634, 3534446552, 371635837, 2891725849],
  )
})

t.test('integers within their bounds, evenly', async t => {
  const draw = new Draws(3).of('even')
  const counts = new Array<number>(10).fill(0)
  for (let i = 0; i < 10_000; i++) counts[draw.below(10)]!++
  for (const count of counts) t.ok(count > 850 && count < 1150, String(count))
  for (let i = 0; i < 1000; i++) {
    const value = draw.between(-5, 5)
    t.ok(Number.isInteger(value) && value >= -5 && value <= 5)
  }
  t.equal(draw.permille(0), false)
  t.equal(draw.permille(1000), true)
})

t.test('exponential: the mean is the mean, and nothing is far out', async t => {
  const draw = new Draws(4).of('exponential')
  let sum = 0
  let most = 0
  for (let i = 0; i < 20_000; i++) {
    const value = draw.exponential(1000)
    sum += value
    most = Math.max(most, value)
  }
  t.ok(sum / 20_000 > 950 && sum / 20_000 < 1050, String(sum / 20_000))
  t.ok(most > 5000 && most < 9000, String(most))
})

t.test('pareto: never below the least, sometimes a hundred times of it', async t => {
  const draw = new Draws(5).of('pareto')
  const values = Array.from({ length: 20_000 }, () => draw.pareto(10))
  t.ok(Math.min(...values) >= 10)
  const far = values.filter(value => value > 1000).length
  t.ok(far > 100 && far < 300, String(far))
})

t.test('a shuffle keeps what is in it; bytes are as many as asked for', async t => {
  const draw = new Draws(6).of('shuffle')
  const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const shuffled = draw.shuffled(items)
  t.same([...shuffled].sort(), items)
  t.notSame(shuffled, items)
  for (const count of [0, 1, 4, 7, 32]) t.equal(draw.bytes(count).length, count)
  t.ok(items.includes(draw.pick(items)))
})
