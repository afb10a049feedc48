import { spawn } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { connect } from '../../src/client/index.ts'
import { writeClusterFiles, writeSecret } from '../helpers/cluster-files.ts'
import { FakeCluster } from '../helpers/fake-cluster.ts'

t.beforeEach(t => {
  for (const name of ['KV_CLUSTER', 'KV_CREDENTIAL']) delete process.env[name]
  process.env['XDG_DATA_HOME'] = t.testdir()
})

function homeOf(name: string): string {
  return join(process.env['XDG_DATA_HOME'] ?? '', 'kv', 'clusters', name)
}

t.test('by name, by directory, by environment, by being the only one', async t => {
  const cluster = await FakeCluster.start()
  writeClusterFiles(cluster, homeOf('demo'))
  const ways = [
    () => connect({ cluster: 'demo' }),
    () => connect({ cluster: homeOf('demo') }),
    () => connect(),
    () => {
      process.env['KV_CLUSTER'] = 'demo'
      return connect()
    },
    () => {
      process.env['KV_CLUSTER'] = cluster.seeds.join(',')
      process.env['KV_CREDENTIAL'] = join(homeOf('demo'), 'secret.json')
      return connect()
    },
  ]
  for (const way of ways) {
    const kv = await way()
    t.ok(kv.cluster === 'demo' || kv.cluster === cluster.seeds.join(','))
    await kv.put('k', 'v')
    await kv.close()
  }
  await cluster.close()
})

t.test('two clusters live side by side and never mix', async t => {
  const [one, two] = [await FakeCluster.start(['n1'], 1), await FakeCluster.start(['n1'], 2)]
  writeClusterFiles(one, homeOf('one'), 'one')
  writeClusterFiles(two, homeOf('two'), 'two')
  await t.rejects(connect(), { code: 'USAGE', message: /one, two/ }, 'which of them?')
  const [a, b] = [await connect({ cluster: 'one' }), await connect({ cluster: 'two' })]
  await a.put('k', 'of one')
  await b.put('k', 'of two')
  t.match(await a.get('k'), { found: true, conflict: false, value: Buffer.from('of one') })
  t.match(await b.get('k'), { found: true, conflict: false, value: Buffer.from('of two') })
  await Promise.all([a.close(), b.close()])
  const foreign = join(homeOf('two'), 'secret.json')
  await t.rejects(connect({ seeds: one.seeds, credential: foreign }), { code: 'DENIED' })
  await Promise.all([one.close(), two.close()])
})

t.test('an impostor without the secret hears no key', async t => {
  const real = await FakeCluster.start(['n1'], 1)
  const impostor = await FakeCluster.start(['n1'], 2)
  const credential = writeSecret(real, `${t.testdir()}/secret.json`)
  await t.rejects(connect({ seeds: impostor.seeds, credential, timeoutMs: 2000 }), {
    code: 'DENIED',
    definite: true,
  })
  t.equal(impostor.log.length, 0)
  t.ok(impostor.heard.length > 0 && impostor.heard.length < 512, 'a hello and nothing more')
  await Promise.all([real.close(), impostor.close()])
})

t.test('an impostor on the port of a member hears no key either', async t => {
  const cluster = await FakeCluster.start()
  const impostor = await FakeCluster.start(['n2'], 9)
  impostor.id = cluster.id
  const view = cluster.view.bind(cluster)
  cluster.view = id => {
    const real = view(id)
    const members = real.members.map(member => {
      return member.id === 'n2' ? { ...member, port: impostor.port('n2') } : member
    })
    return { ...real, members }
  }
  const credential = writeSecret(cluster, `${t.testdir()}/secret.json`)
  const kv = await connect({ seeds: [`127.0.0.1:${cluster.port('n1')}`], credential })
  for (let i = 0; i < 20; i++) await kv.put(`secret-key-${i}`, 'v')
  await t.rejects(kv.get('secret-key-1', { via: 'n2' }), { code: 'DENIED' })
  t.notOk(impostor.heard.includes('secret-key'))
  await kv.close()
  await Promise.all([cluster.close(), impostor.close()])
})

t.test('whoever answers with something else, closes, or says nothing is no node', async t => {
  const cluster = await FakeCluster.start(['n1'])
  const credential = writeSecret(cluster, `${t.testdir()}/secret.json`)
  const answers = ['HTTP/1.1 400 Bad Request\r\n\r\n', undefined, '']
  for (const answer of answers) {
    const server = createServer(socket => {
      socket.on('error', () => socket.destroy())
      if (answer === undefined) socket.destroy()
      else socket.write(answer)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const error = connect({ seeds: [`127.0.0.1:${port}`], credential, timeoutMs: 3000 })
    await t.rejects(error, { name: 'KvError', code: /^(UNREACHABLE|PROTOCOL)$/, definite: true })
    server.close()
  }
  await cluster.close()
})

t.test('a dead cluster, a seed that is dead, a seed that is none', async t => {
  const cluster = await FakeCluster.start()
  const credential = writeSecret(cluster, `${t.testdir()}/secret.json`)
  await cluster.stopNode('n1')
  await cluster.stopNode('n2')
  const kv = await connect({ seeds: cluster.seeds, credential })
  await kv.put('k', 'v')
  await kv.close()
  await cluster.stopNode('n3')
  await t.rejects(connect({ seeds: cluster.seeds, credential }), {
    code: 'UNREACHABLE',
    message: /nobody listens there/,
  })
  await t.rejects(connect({ seeds: ['localhost'], credential }), { code: 'USAGE' })
  await t.rejects(connect({ seeds: cluster.seeds }), { code: 'DENIED' })
})

t.test('a credential that is missing, unsafe or none is refused', async t => {
  const cluster = await FakeCluster.start(['n1'])
  const directory = t.testdir()
  const path = writeSecret(cluster, join(directory, 'secret.json'), 0o644)
  const seeds = cluster.seeds
  await t.rejects(connect({ seeds, credential: path }), { code: 'DENIED', message: /chmod 600/ })
  chmodSync(path, 0o620)
  await t.rejects(connect({ seeds, credential: path }), { code: 'DENIED' })
  chmodSync(path, 0o600)
  writeFileSync(path, '{"version":1}')
  await t.rejects(connect({ seeds, credential: path }), { code: 'DENIED' })
  await t.rejects(connect({ seeds, credential: join(directory, 'none') }), { code: 'DENIED' })
  await t.rejects(connect({ seeds, credential: directory }), { code: 'DENIED' })
  await cluster.close()
})

t.test('no cluster at all, one that is not there, one whose file was edited', async t => {
  await t.rejects(connect(), { code: 'UNREACHABLE', message: /kv cluster up/ })
  await t.rejects(connect({ cluster: 'nowhere' }), { code: 'NOT_FOUND' })
  await t.rejects(connect({ cluster: '../nowhere/at-all' }), { code: 'NOT_FOUND' })
  await t.rejects(connect({ cluster: 'No Name' }), { code: 'USAGE' })
  await t.rejects(connect({ timeoutMs: -1 }), { code: 'USAGE' })
  const cluster = await FakeCluster.start(['n1'])
  writeClusterFiles(cluster, homeOf('demo'))
  for (const text of ['{', '{"formatVersion":1}']) {
    writeFileSync(join(homeOf('demo'), 'cluster.json'), text)
    await t.rejects(connect({ cluster: 'demo' }), { code: 'CLUSTER_CONFLICT' })
  }
  await cluster.close()
})

t.test('the process ends after close, and after a connect that failed', async t => {
  const cluster = await FakeCluster.start()
  const credential = writeSecret(cluster, `${t.testdir()}/secret.json`)
  const entry = fileURLToPath(new URL('../../src/client/index.js', import.meta.url))
  const script = `import { connect } from ${JSON.stringify(entry)}
    const kv = await connect(${JSON.stringify({ seeds: cluster.seeds, credential })})
    await kv.put('k', 'v')
    await kv.close()
    await connect({ seeds: ['127.0.0.1:1'], credential: ${JSON.stringify(credential)} })
      .catch(error => console.log(error.code))`
  const child = await run(script)
  t.same(child, { status: 0, stdout: 'UNREACHABLE\n' })
  await cluster.close()
})

async function run(script: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { timeout: 9000 })
  let stdout = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  const status = await new Promise(resolve => child.on('close', resolve))
  return { status, stdout }
}
