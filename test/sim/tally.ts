import t from 'tap'
import { runPlan } from '../../src/sim/run.ts'
import { addTallied, nothingTallied } from '../../src/sim/tally.ts'
import { planOf } from '../../src/sim/world.ts'

t.test('what processes counted that have ended since is counted, too', async t => {
  let [told, ended] = [0, 0]
  const { tallied } = runPlan(planOf(5), {
    onNotice: notice => {
      if (notice.type === 'ended') ended++
      if (notice.type !== 'effect' || notice.effect.type !== 'note') return
      if (notice.effect.note.event === 'second-send-unasked') told++
    },
  })
  t.ok(ended > 20, `${ended} processes ended`)
  t.ok(told > 20)
  // Each is told in a note as well, at the instant at which it is counted.
  t.equal(tallied.unasked, told)
  t.ok(tallied.dots > tallied.unasked)
  const twice = nothingTallied()
  addTallied(twice, tallied)
  addTallied(twice, tallied)
  t.equal(twice.pinned, 2 * tallied.pinned)
})
