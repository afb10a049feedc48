/** A calm world whose disks the cluster itself fills, and what becomes of it without the rules. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { type Disks, emptied, runFullDisks, type Told } from '../helpers/full-disk-world.ts'

t.setTimeout(600_000)
const root = join(import.meta.dirname, '../../..')

/** The same in a process that has the known-bad versions. */
async function without(rule: number, disks: Disks, checker: string): Promise<readonly string[]> {
  const code = `
    import { runFullDisks } from './build/test/helpers/full-disk-world.js'
    const told = runFullDisks(${JSON.stringify(disks)}, [${rule}], ['${checker}'])
    process.stdout.write(JSON.stringify(told))
  `
  const words = ['--conditions=mutants', '--input-type=module', '-e', code]
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: root })
  const told: Told = JSON.parse(stdout)
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
