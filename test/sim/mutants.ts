/**
 * A checker counts once a known-bad version of the code has made it fire: those of stages 3 and 4, each
 * in the first few seeds. `npm test` goes on to the next version as soon as one is caught. How often,
 * in how many worlds, `npm run sim:mutants` tells.
 */
import t from 'tap'
import type { Task } from '../../src/cli/sim/child.ts'
import { runTasks } from '../../src/cli/sim/pool.ts'
import { knownBad } from '../../src/sim/known-bad.ts'
import { planOf } from '../../src/sim/world.ts'
import { runsAll } from '../helpers/budget.ts'

t.setTimeout(1_800_000)
t.jobs = 2

const all = Array.from({ length: 200 }, (_, i) => i + 1)
const plans = new Map(all.map(seed => [seed, planOf(seed)]))
const optionsOf = (seed: number) => plans.get(seed)!.options
const exchanging = all.filter(seed => !optionsOf(seed).layersOff.includes('exchange'))
const reaping = all.filter(seed => optionsOf(seed).shape === 'reap')
/** Worlds in which it can show at all, and how many of them are enough. */
const seedsOf: Readonly<Record<string, readonly number[]>> = {
  '9': exchanging.slice(0, 9),
  '25b': reaping.slice(0, 2),
  '38': [173, 210, 229],
  // 30 of 70 worlds that aim at reaps show it.
  '39': [69, 158, 192],
  '13b': all.filter(seed => optionsOf(seed).hintBytesMax !== undefined).slice(0, 6),
  '20': [15, 19],
  // Many keys a leaf: 4 of 88 worlds with 300 keys in 8 partitions, of seeds up to 3000.
  '23': [854, 1451],
  '24': exchanging
    .filter(seed => optionsOf(seed).keys <= 30 && optionsOf(seed).exchanges === 'often')
    .slice(0, 12),
  '41': [10, 232, 332],
  // Those with a scrub and 30 keys or more in 8 partitions: 4 of 13, of seeds up to 435.
  '50': [207, 277, 373, 435],
  // A fallback coordinates, and an owner is silent: 1 of 90 worlds.
  '675': [90],
  '60a': all.filter(seed => optionsOf(seed).shape === 'steps').slice(0, 3),
  '60b': all.filter(seed => optionsOf(seed).shape === 'skew').slice(0, 1),
  // Puts that are sent again across a split, of which a few worlds are made.
  '621': [13],
  '622': [13],
  '623': [3, 13],
  '624': [3, 13],
  '625': [3, 13],
  '630': [13],
  '633': [13],
  '634': [13, 149],
  // Worlds whose disks the cluster fills, of seeds up to 3451.
  '700': [2488, 2991],
  '702': [2488, 267],
  // Listings beside disks that are lost; and of deletes that one replica has not heard of.
  '690': [176, 34, 360],
  '691': [48],
  // Keys that outgrow what a message takes, wiped disks among them.
  '670': [185],
  '671': [345, 320, 740],
  '710': [185],
  '716': [166, 187, 212],
  '713': [345, 320, 740],
  '26': all.filter(seed => optionsOf(seed).vectorEntries < 1000).slice(0, 6),
}

for (const name of [
  '5',
  '8',
  '9',
  '11',
  '12',
  '25b',
  '38',
  '39',
  '13a',
  '13b',
  '14',
  '15',
  '17',
  '18',
  '19',
  '20',
  '21',
  '22',
  '23',
  '24',
  '26',
  '41',
  '50',
  '672',
  '673',
  '675',
  '677',
  '60a',
  '60b',
  '700',
  '702',
  '621',
  '622',
  '623',
  '624',
  '625',
  '690',
  '691',
  '670',
  '671',
  '710',
  '715',
  '716',
  '713',
  '630',
  '633',
  '634',
]) {
  const bad = knownBad.find(one => one.name === name)
  t.test(`${name}: ${bad?.what}`, async t => {
    const seeds = seedsOf[name] ?? all.slice(0, 3)
    const fired = new Set<string>()
    const caught = () => bad!.checkers.some(checker => fired.has(checker))
    const tasks: Task[] = seeds.map(seed => ({ seed, wishes: {}, bad: name }))
    await runTasks(
      tasks,
      answer => {
        if (answer.type === 'fired') for (const checker of answer.fired) fired.add(checker)
        else t.fail(`seed ${answer.seed}: ${answer.type === 'broke' ? answer.error : answer.type}`)
      },
      { processes: 1, goOn: () => runsAll || !caught() },
    )
    t.ok(caught(), `fired: ${[...fired].join(', ')}`)
    const strange = [...fired].filter(
      checker => !bad!.checkers.includes(checker) && !bad!.also.includes(checker),
    )
    t.same(strange, [], 'and nothing that is not named for it')
  })
}
