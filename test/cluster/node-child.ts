/** One node under a supervisor, with a process that is only played. */
import t from 'tap'
import { NodeChild } from '../../src/cluster/node-child.ts'
import { identityOf } from '../../src/cluster/process-identity.ts'
import type { Exit } from '../../src/cluster/spawn.ts'

type Played = {
  readonly child: NodeChild
  /** The node says something over IPC. */
  readonly say: (type: string) => void
  readonly exit: (exit: Exit) => void
}

function played(): Played {
  let hear: (message: unknown) => void = () => undefined
  let exit: (exit: Exit) => void = () => undefined
  const child = new NodeChild('n1', 'up', {
    spawn: onMessage => {
      hear = onMessage
      return {
        identity: identityOf(process.pid),
        exited: new Promise<Exit>(resolve => {
          exit = resolve
        }),
        tell: () => undefined,
        liveness: () => 'running',
        end: async () => 'stopped',
        pause: async () => undefined,
      }
    },
    lastLines: () => ['last words'],
    changed: () => undefined,
    ready: () => undefined,
    report: () => undefined,
  })
  return { child, say: type => hear({ type }), exit: how => exit(how) }
}

/** What became of it once everything that waits for nothing outside is done. */
function soon(work: Promise<unknown>): Promise<unknown> {
  const done = work.then(
    () => 'done',
    problem => problem.code,
  )
  const later = new Promise(resolve => setImmediate(() => resolve('waits')))
  return Promise.race([done, later])
}

t.test('a start that finds the node ready has nothing to wait for', async t => {
  const { child, say } = played()
  child.spawn()
  say('ready')
  t.equal(await soon(child.start()), 'done')
})

t.test('a start waits for a node that is starting, past the making of its store', async t => {
  const { child, say } = played()
  child.spawn()
  const started = child.start()
  t.equal(await soon(started), 'waits')
  say('created')
  t.equal(await soon(started), 'waits', 'a store is no word that it is ready')
  say('ready')
  t.equal(await soon(started), 'done')
})

t.test('a start whose process ends is refused', async t => {
  const { child, exit } = played()
  const started = child.start()
  exit({ code: 10, signal: null })
  t.equal(await soon(started), 'CLUSTER_CONFLICT')
})
