/**
 * A checker counts once a known-bad version of the code has made it fire: those of stage 3, each
 * in the first few seeds. How often, in how many worlds, `npm run sim:mutants` tells.
 */
import t from 'tap'
import type { Task } from '../../src/cli/sim/child.ts'
import { runTasks } from '../../src/cli/sim/pool.ts'
import { knownBad } from '../../src/sim/known-bad.ts'
import { planOf } from '../../src/sim/world.ts'

t.setTimeout(1_800_000)

const all = Array.from({ length: 200 }, (_, i) => i + 1)
/** Worlds in which it can show at all, and how many of them are enough. */
const seedsOf: Readonly<Record<string, readonly number[]>> = {
  '13b': all.filter(seed => planOf(seed).options.hintBytesMax !== undefined).slice(0, 6),
  '26': all.filter(seed => planOf(seed).options.vectorEntries < 1000).slice(0, 6),
}

for (const name of ['5', '8', '11', '12', '13a', '13b', '14', '15', '17', '18', '19', '26']) {
  const bad = knownBad.find(one => one.name === name)
  t.test(`${name}: ${bad?.what}`, async t => {
    const seeds = seedsOf[name] ?? all.slice(0, 3)
    const fired = new Set<string>()
    const tasks: Task[] = seeds.map(seed => ({ seed, wishes: {}, bad: name }))
    await runTasks(
      tasks,
      answer => {
        for (const checker of answer.type === 'fired' ? answer.fired : []) fired.add(checker)
      },
      { processes: 2 },
    )
    const text = [...fired].join(', ')
    t.ok(
      bad!.checkers.some(checker => fired.has(checker)),
      `fired: ${text}`,
    )
    const strange = [...fired].filter(
      checker => !bad!.checkers.includes(checker) && !bad!.also.includes(checker),
    )
    t.same(strange, [], 'and nothing that is not named for it')
  })
}
