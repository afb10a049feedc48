/** A calm world whose disks the cluster itself fills, and what becomes of it without the rules. */
import t from 'tap'
import { type Disks, emptied, runFullDisks, type Told } from '../helpers/full-disk-world.ts'
import { toldWithKnownBad } from '../helpers/known-bad-process.ts'

t.setTimeout(600_000)

/** The same in a process that has the known-bad versions. */
async function without(rule: number, disks: Disks, checker: string): Promise<readonly string[]> {
  const code = `
    import { runFullDisks } from './build/test/helpers/full-disk-world.js'
    const told = runFullDisks(${JSON.stringify(disks)}, [${rule}], ['${checker}'])
    tell(told)
  `
  const told = await toldWithKnownBad<Told>(code)
  return told.invariants
}

t.test('disks that the cluster fills end no node', async t => {
  const told = runFullDisks({ emptied: false })
  t.same(told.invariants, [])
  t.equal(told.ends, 0)
  t.ok(told.full > 20, `${told.full} puts were refused`)
})

t.test('what is deleted makes room', async t => {
  const told = runFullDisks(emptied)
  t.same(told.invariants, [])
  t.equal(told.ends, 0)
  t.ok(told.full > 20, `${told.full} puts were refused`)
})

t.test('known-bad 700: written to the last byte', async t => {
  t.match(await without(700, {}, 'D1'), ['D1'])
})

t.test('known-bad 701: only own puts are refused, and others fill the small disks', async t => {
  t.match(await without(701, { smallShare: 500 }, 'D1'), ['D1'])
})

t.test('known-bad 702: free pages within the file do not count as room', async t => {
  t.match((await without(702, emptied, 'D2')).slice(-1), ['D2'])
})
