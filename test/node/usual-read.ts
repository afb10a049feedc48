import t from 'tap'
import { UsualRead } from '../../src/node/usual-read.ts'

t.test('a large read counts at once, small ones take it back bit by bit', async t => {
  const reads = new UsualRead()
  t.equal(reads.wanted, 0)
  reads.saw(1000)
  t.equal(reads.wanted, 1000)
  reads.begun()
  reads.begun()
  t.equal(reads.wanted, 3000)
  reads.ended()
  reads.ended()
  for (let i = 0; i < 8; i++) reads.saw(100)
  t.ok(reads.wanted > 100 && reads.wanted < 500, `${reads.wanted}`)
  reads.saw(1e9)
  t.ok(reads.wanted <= 16 * 1024 * 1024, 'no more than a frame')
})

t.test('who is refused for it is not refused for ever', async t => {
  const reads = new UsualRead()
  reads.saw(1e9)
  t.equal(reads.canProbe, true)
  reads.begun()
  t.equal(reads.canProbe, false, 'one is on its way to find out')
  reads.ended()
  for (let i = 0; i < 40; i++) reads.refused()
  t.ok(reads.wanted < 128 * 1024, `${reads.wanted}`)
})
