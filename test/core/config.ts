import fc from 'fast-check'
import t from 'tap'
import { type ClusterFile, checkClusterFile, membersOf, settingsOf } from '../../src/core/config.ts'

const sound: ClusterFile = {
  formatVersion: 1,
  id: '00112233445566778899aabbccddeeff',
  name: 'demo',
  createdAt: 1_800_000_000_000,
  replicas: 3,
  readQuorum: 2,
  writeQuorum: 2,
  partitions: 256,
  fallbacks: 3,
  durability: 'durable',
  hash: 'sha256',
  security: { mode: 'secret', tls: 'off' },
  operator: null,
  basePort: 4700,
  foundersMarked: true,
  valueBytesMax: 1024 * 1024,
  readRepair: 'blocking',
  hintQuota: 0.1,
  nodes: [1, 2, 3, 4, 5].map(n => ({
    name: `n${n}`,
    host: '127.0.0.1',
    port: 4700 + n,
    zone: '',
    weight: 1,
    store: `000000000000000${n}`,
    intent: 'up',
  })),
}

function problemsOf(change: Readonly<Record<string, unknown>>): readonly string[] {
  const checked = checkClusterFile({ ...sound, ...change })
  return 'problems' in checked ? checked.problems : []
}

function nodesWith(at: number, change: Readonly<Record<string, unknown>>): readonly unknown[] {
  return sound.nodes.map((node, i) => (i === at ? { ...node, ...change } : node))
}

t.test('a sound file comes back as it is, also through JSON', async t => {
  t.same(checkClusterFile(JSON.parse(JSON.stringify(sound))), { file: sound })
})

t.test('each broken field is one problem that names it', async t => {
  const broken: readonly (readonly [string, unknown])[] = [
    ['formatVersion', 2],
    ['id', '00'],
    ['id', 'zz112233445566778899aabbccddeeff'],
    ['name', '../x'],
    ['name', 'con'],
    ['createdAt', '2026'],
    ['readQuorum', 0],
    ['readQuorum', 4],
    ['writeQuorum', 4],
    ['writeQuorum', 1.5],
    ['partitions', 0],
    ['partitions', 100],
    ['partitions', 131072],
    ['fallbacks', -1],
    ['fallbacks', 'some'],
    ['durability', 'maybe'],
    ['hash', 'murmur3'],
    ['security', undefined],
    ['security', { mode: 'none', tls: 'off' }],
    ['operator', 'me'],
    ['basePort', 65536],
    ['foundersMarked', 'yes'],
    ['valueBytesMax', 0],
    ['readRepair', 'often'],
    ['readRepair', 1.5],
    ['hintQuota', -1],
    ['hintQuota', '10%'],
    ['nodes', []],
    ['nodes', 'n1'],
    ['surplus', 1],
  ]
  for (const [field, value] of broken) {
    const problems = problemsOf({ [field]: value })
    t.equal(problems.length, 1, `${field}: ${problems.join('; ')}`)
    t.match(problems[0], field)
  }
})

t.test('each broken field of a node is one problem that names it', async t => {
  const broken: readonly (readonly [string, unknown])[] = [
    ['name', 'N1'],
    ['name', 'n2'],
    ['host', '0.0.0.0'],
    ['host', 'localhost'],
    ['port', 0],
    ['port', 4702],
    ['zone', 'Z Z'],
    ['weight', 0],
    ['store', '0000000000000002'],
    ['store', ''],
    ['intent', 'down'],
    ['surplus', 1],
  ]
  for (const [field, value] of broken) {
    const problems = problemsOf({ nodes: nodesWith(0, { [field]: value }) })
    t.equal(problems.length, 1, `${field}: ${problems.join('; ')}`)
    t.match(problems[0], field)
  }
})

t.test('fewer nodes than replicas', async t => {
  t.same(problemsOf({ nodes: sound.nodes.slice(0, 2) }), [
    '2 nodes cannot hold 3 replicas: add nodes',
  ])
})

t.test('every problem is listed, not only the first', async t => {
  const problems = problemsOf({ partitions: 3, hash: 1, nodes: nodesWith(2, { port: -1 }) })
  t.match(problems, [/^partitions is 3/, /^hash is 1/, /^nodes\[2\]\.port is -1/])
  t.equal(problems.length, 3)
})

t.test('an r above the replicas is refused for these replicas', async t => {
  t.match(problemsOf({ replicas: 1 }), [/readQuorum is 2.*1 to 1/, /writeQuorum is 2.*1 to 1/])
})

t.test('anything at all gets an answer, in ASCII', async t => {
  const fields = Object.keys(sound)
  const mutant = fc.record({ field: fc.constantFrom(...fields), value: fc.anything() })
  fc.assert(
    fc.property(fc.oneof(fc.anything(), mutant), value => {
      const mutated = value as { field?: unknown; value?: unknown } | null | undefined
      const input =
        typeof mutated?.field === 'string' ? { ...sound, [mutated.field]: mutated.value } : value
      const checked = checkClusterFile(input)
      if (!('problems' in checked)) return
      for (const problem of checked.problems) t.match(problem, /^[ -~]{1,200}$/)
    }),
    { numRuns: 300 },
  )
})

t.test('settings and members are what the file says', async t => {
  t.same(settingsOf(sound), {
    replicas: 3,
    readQuorum: 2,
    writeQuorum: 2,
    partitions: 256,
    fallbacks: 2,
    valueBytesMax: 1024 * 1024,
    readRepair: 'blocking',
  })
  t.equal(settingsOf({ ...sound, fallbacks: 'all' }).fallbacks, 2)
  t.equal(settingsOf({ ...sound, fallbacks: 1 }).fallbacks, 1)
  t.same(
    membersOf(sound).map(member => [member.id, member.port]),
    sound.nodes.map(node => [node.name, node.port]),
  )
})

t.test('a wiped node may have any store; before the stores were made none is missing', async t => {
  const nodes = sound.nodes.map((node, i) => (i < 2 ? { ...node, store: null } : node))
  t.same(checkClusterFile({ ...sound, nodes }), { file: { ...sound, nodes } })
  t.same(problemsOf({ nodes, foundersMarked: false }), [
    'nodes[0].store is null before it was made',
    'nodes[1].store is null before it was made',
  ])
  t.match(problemsOf({ nodes: nodesWith(1, { store: undefined }) }), [
    /nodes\[1\].store is missing/,
  ])
})
