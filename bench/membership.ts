/**
 * How membership does at sizes, losses and over days that no test has time for: simulated, from
 * fixed seeds, so that two runs of one commit print the same figures. Writes what it measured to
 * build/membership.json, the tables of docs/membership.md and the plot docs/membership.svg;
 * `--render` does the latter two from the last run.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { allJobs, type Measured, type Run } from './membership/jobs.ts'
import { pageWith } from './membership/page.ts'
import { plotOf } from './membership/plot.ts'
import { measureAll } from './membership/pool.ts'

const root = join(import.meta.dirname, '..', '..')
const kept = join(root, 'build', 'membership.json')
const page = join(root, 'docs', 'membership.md')
/** Of this machine's cores. */
const processes = 2

const run = process.argv.includes('--render')
  ? (JSON.parse(readFileSync(kept, 'utf8')) as Run)
  : await measured()
writeFileSync(join(root, 'docs', 'membership.svg'), plotOf(run.measured))
writeFileSync(page, pageWith(readFileSync(page, 'utf8'), run))
process.stdout.write('wrote docs/membership.md and docs/membership.svg\n')

async function measured(): Promise<Run> {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root })
  const jobs = allJobs().map(job => JSON.stringify(job))
  const all: Measured[] = []
  const runSoFar = (): Run => ({
    date: new Date().toISOString().slice(0, 10),
    commit: commit.toString().trim(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? '?'}, Node ${process.versions.node}`,
    measured: all,
  })
  await measureAll(allJobs(), processes, (one, seconds) => {
    all.push(one)
    all.sort((a, b) => jobs.indexOf(JSON.stringify(a.job)) - jobs.indexOf(JSON.stringify(b.job)))
    writeFileSync(kept, JSON.stringify(runSoFar()))
    const job = JSON.stringify(one.job)
    process.stdout.write(`${all.length} of ${jobs.length}: ${job} in ${seconds.toFixed(0)} s\n`)
  })
  return runSoFar()
}
