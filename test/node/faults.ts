/** Faults on purpose: at the gate of a connection, and between real nodes. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import type { ClientReply, FaultRule, GossipReply } from '../../src/core/message.ts'
import { monotonicClock } from '../../src/node/clock.ts'
import { Faults, heldMax } from '../../src/node/faults.ts'
import { Log } from '../../src/node/log.ts'
import { runKv } from '../helpers/cli-cluster.ts'
import { NodeCluster } from '../helpers/node-processes.ts'
import type { RawClient } from '../helpers/raw-client.ts'

const n2 = 'n2' as NodeId
const n3 = 'n3' as NodeId
const ping = (id: number) => ({ type: 'ping', id }) as const

function rule(changes: Partial<FaultRule>): FaultRule {
  const none = { drop: 0, delayMs: 0, jitterMs: 0, rate: undefined }
  return { peer: n2, direction: 'out', ...none, ...changes }
}

function faultsOf(t: Test, allowed = true): Faults {
  const log = new Log({ type: 'file', path: `${t.testdir()}/log` }, 'n1')
  const faults = new Faults({ node: 'n1' as NodeId, allowed, clock: monotonicClock(), log })
  t.teardown(() => faults.stop())
  return faults
}

function keep(faults: Faults, ...rules: readonly FaultRule[]): ClientReply {
  return faults.answer({ id: 1, rules, skewMs: undefined })
}

t.test('whoever was not started for it obeys nobody', async t => {
  const faults = faultsOf(t, false)
  const refused = { type: 'failed', failure: { code: 'FAULTS_OFF', outcome: { definite: true } } }
  t.match(keep(faults, rule({ drop: 1 })), refused)
  t.match(faults.answer({ id: 1, rules: undefined, skewMs: undefined }), refused)
  t.equal(faults.cuts(n2), false)
  t.equal(faults.gateTo(n2).acts('out'), false)
})

t.test('rules and skew are replaced, or asked for and left as they are', async t => {
  const faults = faultsOf(t)
  const rules = [rule({ drop: 1 }), rule({ peer: n3, direction: 'in', delayMs: 5 })]
  t.match(keep(faults, ...rules), { type: 'faults-are', node: 'n1', rules, skewMs: 0 })
  t.match(faults.answer({ id: 2, rules: undefined, skewMs: -5000 }), { rules, skewMs: -5000 })
  t.match(faults.answer({ id: 3, rules: undefined, skewMs: undefined }), { rules, skewMs: -5000 })
  t.equal(faults.gateTo(n2).acts('in'), false)
  t.equal(faults.gateTo(n3).acts('in'), true)
  keep(faults)
  t.equal(faults.gateTo(n3).acts('in'), false)
})

t.test('what is lost never goes on; what is late goes on in order, and not before', async t => {
  const faults = faultsOf(t)
  const gate = faults.gateTo(n2)
  const gone: number[] = []
  keep(faults, rule({ drop: 1 }))
  gate.pass('out', ping(0), () => gone.push(0))
  t.equal(faults.lost, 1)
  keep(faults, rule({ delayMs: 60, jitterMs: 50 }))
  const begun = performance.now()
  let firstAt = 0
  await new Promise<void>(resolve => {
    for (let i = 1; i <= 50; i++) {
      gate.pass('out', ping(i), () => {
        firstAt ||= performance.now()
        if (gone.push(i) === 50) resolve()
      })
    }
    t.same(gone, [])
  })
  t.ok(firstAt - begun >= 10, 'no message is early')
  t.same(
    gone,
    Array.from({ length: 50 }, (_, i) => i + 1),
  )
  keep(faults)
  t.equal(gate.acts('out'), false, 'nothing is left of it')
})

t.test('when the rules change, what waited goes on first', async t => {
  const faults = faultsOf(t)
  const gate = faults.gateTo(n2)
  const gone: number[] = []
  keep(faults, rule({ delayMs: 60_000 }))
  gate.pass('out', ping(1), () => gone.push(1))
  gate.pass('out', ping(2), () => gone.push(2))
  t.same(gone, [])
  keep(faults, rule({ jitterMs: 0, drop: 0.5 }))
  t.same(gone, [1, 2])
})

t.test('the answer to what waited is not lost when the rules change', async t => {
  const faults = faultsOf(t)
  const gate = faults.gateTo(n2)
  const gone: string[] = []
  const slow = { delayMs: 60_000 }
  keep(faults, rule(slow), rule({ ...slow, direction: 'in' }))
  gate.pass('out', ping(1), () => gone.push('out'))
  gate.pass('in', ping(2), () => {
    gone.push('in')
    gate.pass('out', ping(3), () => gone.push('answer'))
  })
  keep(faults)
  t.same(gone, ['out', 'in', 'answer'])
  t.equal(gate.acts('out'), false, 'and nothing is left to wait')
  keep(faults, rule(slow))
  for (let i = 0; i < heldMax; i++) gate.pass('out', ping(i), () => undefined)
  t.equal(faults.lost, 0, 'all of the bound is free again')
})

t.test('what waits is bounded: past it messages are lost, and all others still pass', async t => {
  const faults = faultsOf(t)
  const gate = faults.gateTo(n2)
  let gone = 0
  keep(faults, rule({ delayMs: 60_000 }))
  for (let i = 0; i < heldMax + 7; i++) gate.pass('out', ping(i), () => gone++)
  t.equal(faults.lost, 7)
  gate.pass('in', ping(1), () => gone++)
  t.equal(gone, 1)
  keep(faults)
  t.equal(gone, 1 + heldMax)
  keep(faults, rule({ rate: 1 }))
  const object = new Uint8Array(1024 * 1024)
  const large = { type: 'held', id: 1, whole: true, generation: 0, digest: '' } as const
  for (let i = 0; i < 40; i++) {
    gate.pass('out', { ...large, object, refused: undefined }, () => gone++)
  }
  t.equal(faults.lost, 7 + 9, 'bytes are bounded, too: 31 of these fit into 32 MiB')
})

// -- real nodes --------------------------------------------------------------------------------

async function threeNodes(t: Test): Promise<NodeCluster> {
  const cluster = await NodeCluster.make(t.testdir(), 3)
  t.teardown(() => cluster.end())
  await Promise.all(['n1', 'n2', 'n3'].map(name => cluster.start(name, '--faults')))
  await Promise.all(['n1', 'n2', 'n3'].map(name => cluster.untilConnected(name)))
  return cluster
}

async function beliefs(client: RawClient): Promise<Readonly<Record<string, string>>> {
  const reply = (await client.ask({ type: 'gossip' })) as GossipReply
  return Object.fromEntries(reply.beliefs.map(({ node, status }) => [node, status]))
}

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise(resolve => setTimeout(resolve, 50))
}

t.test('a node without --faults refuses; a client reaches a node that is cut off', async t => {
  const cluster = await NodeCluster.make(t.testdir(), 1)
  t.teardown(() => cluster.end())
  await cluster.start('n1')
  const plain = await cluster.client('n1')
  const wanted = { type: 'faults', rules: [rule({ drop: 1 })], skewMs: 5 } as const
  t.match(await plain.ask(wanted), { type: 'failed', failure: { code: 'FAULTS_OFF' } })
  await plain.close()
  const reach = ['-c', `127.0.0.1:${cluster.port('n1')}`]
  const credential = ['--credential', join(cluster.directory, 'secret.json')]
  for (const words of [
    ['net', 'show'],
    ['net', 'isolate', 'n1'],
    ['node', 'skew', 'n1', '5m'],
  ]) {
    const ran = await runKv([...words, ...reach, ...credential, '--json'])
    t.equal(ran.exit, 10, words.join(' '))
    t.match(JSON.parse(ran.text), { error: { code: 'FAULTS_OFF', exit: 10 } })
  }
  await cluster.kill('n1', 'SIGTERM')
  await cluster.start('n1', '--faults')
  const client = await cluster.client('n1')
  t.match(await client.ask(wanted), { type: 'faults-are', rules: wanted.rules, skewMs: 5 })
  t.match(await client.put('k', 'v'), { type: 'wrote' })
  await client.close()
})

t.test('a cut link: silence, no new connection, nobody convicted; healed, all is well', async t => {
  const cluster = await threeNodes(t)
  const first = await cluster.client('n1')
  const third = await cluster.client('n3')
  const cut = [rule({ drop: 1 }), rule({ drop: 1, direction: 'in' })]
  await first.ask({ type: 'faults', rules: cut, skewMs: undefined })
  await until(async () => (await beliefs(first))['n2'] === 'suspect')
  t.match(await beliefs(third), { n1: 'alive', n2: 'alive' }, 'n3 hears both')
  t.match(await first.put('k', 'v'), { type: 'wrote' }, 'n1 writes with n3')
  t.same((await first.status()).connected, ['n2', 'n3'], 'a cut closes no connection')

  await cluster.kill('n2', 'SIGKILL')
  await until(async () => !(await first.status()).connected.includes(n2))
  await cluster.start('n2', '--faults')
  const second = await cluster.client('n2')
  await until(async () => (await second.status()).connected.includes(n3))
  for (let i = 0; i < 20; i++) {
    t.same((await first.status()).connected, ['n3'], 'nor does a new one come about')
    t.same((await second.status()).connected, ['n3'])
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  await first.ask({ type: 'faults', rules: [], skewMs: undefined })
  const all = { n1: 'alive', n2: 'alive', n3: 'alive' }
  for (const client of [first, second, third]) {
    await until(async () => JSON.stringify(await beliefs(client)) === JSON.stringify(all))
    await client.close()
  }
})

t.test('what one side sends is lost, what it hears is not', async t => {
  const cluster = await threeNodes(t)
  const [first, second] = [await cluster.client('n1'), await cluster.client('n2')]
  await first.ask({ type: 'faults', rules: [rule({ drop: 1 })], skewMs: undefined })
  await until(async () => (await beliefs(second))['n1'] === 'suspect')
  const lost = await first.counter('lostOnPurpose')
  t.ok(lost > 0)
  await until(async () => (await first.counter('lostOnPurpose')) > lost)
  t.match(await beliefs(first), { n2: 'alive' }, 'n1 hears n2 ask it')
  await first.ask({ type: 'faults', rules: [], skewMs: undefined })
  await until(async () => (await beliefs(second))['n1'] === 'alive')
  await first.close()
  await second.close()
})

t.test('late and lossy links cost time, and no write', async t => {
  const cluster = await threeNodes(t)
  const first = await cluster.client('n1')
  const late = { delayMs: 60, jitterMs: 50 }
  const rules = [
    rule(late),
    rule({ ...late, direction: 'in' }),
    rule({ peer: n3, drop: 0.1, rate: 200_000 }),
  ]
  await first.ask({ type: 'faults', rules, skewMs: 86_400_000 })
  let wrote = 0
  for (let i = 0; i < 60; i++) if ((await first.put(`k${i}`, 'v')).type === 'wrote') wrote++
  t.ok(wrote > 50, `${wrote} of 60`)
  t.match(await beliefs(first), { n2: 'alive' })
  await first.ask({ type: 'faults', rules: [], skewMs: 0 })
  const second = await cluster.client('n2')
  for (let i = 0; i < 60; i++) {
    const values = await second.values(`k${i}`)
    if (i < 50) t.ok(Array.isArray(values))
  }
  await first.close()
  await second.close()
})
