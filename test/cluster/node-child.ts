/** One node under a supervisor, with a process that is only played. */
import t from 'tap'
import type { Ending } from '../../src/cluster/end-processes.ts'
import { NodeChild } from '../../src/cluster/node-child.ts'
import type { Exit } from '../../src/cluster/spawn.ts'
import { identityOf } from '../../src/host/process-identity.ts'

type Played = {
  readonly child: NodeChild
  /** The node says something over IPC. */
  readonly say: (type: string) => void
  readonly exit: (exit: Exit) => void
}

/** `end`: how its process takes a signal. */
function played(end: () => Promise<Ending> = async () => 'stopped'): Played {
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
        end,
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

t.test('a process that does not die stays the node\u2019s, and is ended again', async t => {
  let tries = 0
  const { child, exit } = played(async () => {
    if (++tries < 3) throw new Error('does not die')
    exit({ code: null, signal: 'SIGKILL' })
    return 'killed'
  })
  child.spawn()
  const own = child.identity
  t.ok(own)
  await t.rejects(child.end('stopped'), { message: 'does not die' })
  t.same(child.identity, own)
  t.equal(await soon(child.start()), 'CLUSTER_CONFLICT', 'no second process beside it')
  await t.rejects(child.end('stopped'), { message: 'does not die' })
  t.equal(await child.end('killed'), 'killed')
  t.equal(child.identity, undefined)
  t.equal(await child.end('stopped'), 'gone')
})

t.test('one that dies later by itself is the node\u2019s no more', async t => {
  const { child, exit } = played(async () => {
    throw new Error('does not die')
  })
  child.spawn()
  await t.rejects(child.end('stopped'), { message: 'does not die' })
  t.ok(child.identity)
  exit({ code: null, signal: 'SIGKILL' })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(child.identity, undefined)
  t.equal(child.state, 'stopped')
})
