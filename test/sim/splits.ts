/** What `npm run sim:splits` measures, smaller; and without pins, which it must catch. */
import t from 'tap'
import { runSplits, type SplitsResult } from '../../src/sim/splits.ts'
import { toldWithKnownBad } from '../helpers/known-bad-process.ts'

t.setTimeout(600_000)
const [seed, puts] = [1, 40]

t.test('puts as a split begins take effect once, whatever came after them', async t => {
  const result = runSplits(seed, 1, puts)
  t.equal(result.duplicates, 0, result.firstStory ?? '')
  t.equal(result.lost, 0, result.firstStory ?? '')
  t.ok(result.secondDots > 2, `${result.secondDots} second sends made a dot`)
  t.ok(result.shed > 0, `${result.shed} pins were shed`)
  t.equal(result.pinsLeft, 0)
  t.equal(result.full, 0)
})

t.test('known-bad 634, no pins at all, is caught', async t => {
  const code = `
    import { runSplits } from './build/src/sim/splits.js'
    chooseMutants([634])
    tell(runSplits(${seed}, 1, ${puts}))
  `
  const result = await toldWithKnownBad<SplitsResult>(code)
  t.ok(result.duplicates > 0, `${result.duplicates} keys: ${result.firstStory}`)
})
