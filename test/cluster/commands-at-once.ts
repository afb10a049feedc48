/**
 * `down` beside whatever else operators do at the same moment, in every order in which a write, a
 * process or a message may come to its end: the supervisor over stand-ins for all three.
 */
import fc from 'fast-check'
import t from 'tap'
import { type Action, actions } from '../../src/cluster/node-process.ts'
import { newClusterFile, settle } from '../../src/cluster/settings.ts'
import type { Exit, SpawnedNode } from '../../src/cluster/spawn.ts'
import { Supervisor, type SupervisorHost } from '../../src/cluster/supervisor.ts'
import type { ClusterFile } from '../../src/core/config.ts'

const founded = {
  ...settle(newClusterFile('demo', { nodes: 3 }, 4700, 0), {}, false),
  foundersMarked: true,
}
const names = founded.nodes.map(node => node.name)

/** Everything outside of the supervisor; each thing is done when the scheduler says so. */
class World {
  readonly #scheduler: fc.Scheduler
  readonly #full: boolean
  file: ClusterFile
  readonly alive = new Set<SpawnedNode>()
  spawned = 0
  wipes = 0
  wipedAlive = 0

  constructor(scheduler: fc.Scheduler, file: ClusterFile, full: boolean) {
    this.#scheduler = scheduler
    this.file = file
    this.#full = full
  }

  readonly host: SupervisorHost = {
    spawn: (name, onMessage) => this.#spawn(name, onMessage),
    write: async file => {
      await this.#done('write')
      if (this.#full) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      this.file = file
    },
    wipe: async name => {
      await this.#done(`wipe ${name}`)
      this.wipes++
      if ([...this.alive].some(one => one.identity?.startTime === name)) this.wipedAlive++
    },
    lastLines: () => [],
  }

  #done(what: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), what)
  }

  #spawn(name: string, onMessage: (message: unknown) => void): SpawnedNode {
    this.spawned++
    let ended: (exit: Exit) => void = () => undefined
    let paused = false
    const exited = new Promise<Exit>(resolve => {
      ended = resolve
    })
    const one: SpawnedNode = {
      identity: { pid: this.spawned + 1, startTime: name, bootId: '' },
      exited,
      tell: () => undefined,
      liveness: () => (this.alive.has(one) ? (paused ? 'paused' : 'running') : 'dead'),
      pause: async pause => {
        await this.#done(`pause ${name}`)
        paused = pause
      },
      end: async atOnce => {
        await this.#done(`end ${name}`)
        this.alive.delete(one)
        ended({ code: atOnce ? null : 0, signal: atOnce ? 'SIGKILL' : null })
        return atOnce ? 'killed' : 'stopped'
      },
    }
    this.alive.add(one)
    void this.#done(`ready ${name}`).then(() => {
      if (this.alive.has(one)) onMessage({ type: 'ready', store: 'feedfeedfeedfeed' })
    })
    return one
  }
}

type Step = { readonly node: number; readonly action: Action }
const step = fc.record({ node: fc.nat(names.length - 1), action: fc.constantFrom(...actions) })

/** What is wrong once `stop` has returned; empty: nothing is. */
async function wrongWith(
  scheduler: fc.Scheduler,
  steps: readonly Step[],
  full: boolean,
  downLast = false,
): Promise<readonly string[]> {
  const world = new World(scheduler, founded, full)
  const supervisor = new Supervisor(founded, world.host, {
    changed: () => undefined,
    report: () => undefined,
  })
  const results = new Map<number, 'done' | 'refused' | 'under way'>()
  void supervisor.start()
  const acts: Promise<void>[] = []
  for (const [i, { node, action }] of steps.entries()) {
    if (downLast) await scheduler.waitFor(Promise.all(acts))
    const act = scheduler.schedule(Promise.resolve(), `${action} ${names[node]}`).then(async () => {
      results.set(i, 'under way')
      const acted = supervisor.act(names[node] ?? '', action)
      results.set(i, await acted.then(() => 'done' as const).catch(() => 'refused' as const))
    })
    acts.push(act)
  }
  if (downLast) await scheduler.waitFor(Promise.all(acts))
  let stopped = false
  const stopping = scheduler.schedule(Promise.resolve(), 'down').then(async () => {
    const endings = await supervisor.stop()
    stopped = true
    return endings
  })
  await scheduler.waitFor(stopping)
  const wrong: string[] = []
  if (!stopped) wrong.push('stop did not return')
  if (world.alive.size > 0) wrong.push(`${world.alive.size} processes live`)
  if ([...results.values()].includes('under way')) wrong.push('something is under way')
  const { spawned, wipes, file } = world
  await scheduler.waitAll()
  if (world.spawned > spawned) wrong.push('a node was started behind it')
  if (world.wipes > wipes) wrong.push('a node was wiped behind it')
  if (world.file !== file) wrong.push('the file was written behind it')
  if (world.wipedAlive > 0) wrong.push('a node that ran was wiped')
  if (full) return wrong
  for (const [i, { node, action }] of steps.entries()) {
    if (action !== 'wipe' || results.get(i) !== 'done') continue
    const isKnown = file.nodes[node]?.store !== founded.nodes[node]?.store
    if (!isKnown) wrong.push('the file knows nothing of a wipe')
  }
  return wrong
}

const runs = { numRuns: 300 }

t.test('when down returns nothing is under way, nothing runs, nothing follows', async t => {
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(step, { minLength: 1, maxLength: 6 }),
    fc.boolean(),
    async (scheduler, steps, full) => (await wrongWith(scheduler, steps, full)).length === 0,
  )
  await t.resolves(fc.assert(property, runs))
})

t.test('a wipe and a start of what it wiped: all that was done is written', async t => {
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.nat(names.length - 1),
    async (scheduler, node) => {
      const steps = (['wipe', 'start'] as const).map(action => ({ node, action }))
      return (await wrongWith(scheduler, steps, false, true)).length === 0
    },
  )
  await t.resolves(fc.assert(property, runs))
})
