/**
 * All test files of one folder in this one process: most take less time than a process takes to start.
 * What each of them imports as `tap` is a subtest of its own, so its timeouts, teardowns and failures
 * are its own, and are told under its name. Each file still runs alone, too.
 */
import { readdirSync } from 'node:fs'
import { register } from 'node:module'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { tapOfFile } from './bundle-hooks.ts'

const build = join(import.meta.dirname, '../..')

/** A file that has not ended by then fails, and the next one begins. */
const fileMs = 240_000
/** A file that keeps this process from doing anything for so long ends it: tap tells which it was. */
const processMs = fileMs + 30_000
const closingMs = 3000

export async function runBundle(folder: string): Promise<void> {
  const directory = join(build, 'test', folder)
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.js'))
    .sort()
  const within = `${pathToFileURL(directory)}/`
  register(new URL('bundle-hooks.js', import.meta.url), { data: { within } })
  for (const file of files) {
    t.setTimeout(processMs)
    await runFile(join(directory, file))
  }
  // What a file has left open, and this has been told of, keeps the process from ending.
  setTimeout(() => process.exit(1), closingMs).unref()
}

async function runFile(path: string): Promise<void> {
  const name = relative(join(build, '..'), path)
  const before = openNow()
  const results = await t.test(name, { timeout: fileMs }, async t => {
    Object.assign(globalThis, { [tapOfFile]: t satisfies Test })
    await import(String(pathToFileURL(path)))
  })
  if (!results?.count) t.fail(`${name} has no test`)
  for (let waited = 0; waited < closingMs && openNow() > before; waited += 20) await wait(20)
  if (openNow() > before) t.fail(`${name} leaves open: ${process.getActiveResourcesInfo()}`)
}

/** How many sockets, processes, timers and such keep this process from ending. */
function openNow(): number {
  return process.getActiveResourcesInfo().length
}
