/**
 * Who believes what of whom when a cluster of real processes is broken on purpose, by `kv` alone:
 * views as designed while it is broken, and all agreed again once it is healed.
 */
import t, { type Test } from 'tap'
import { type Client, connect } from '../../src/client/index.ts'
import { requireClusterFile } from '../../src/cluster/cluster-file.ts'
import { LocalClusters } from '../helpers/local-clusters.ts'

t.jobs = 2

const names = ['n1', 'n2', 'n3', 'n4', 'n5']

type Views = Readonly<Record<string, Readonly<Record<string, string>>>>
type Watched = {
  readonly agreed: boolean
  readonly silent: readonly string[]
  readonly rounds: Readonly<Record<string, number>>
  readonly views: Readonly<Record<string, unknown>>
}
type Status = {
  readonly health: string
  readonly quorum: { readonly write: boolean; readonly read: boolean }
  readonly nodes: readonly {
    readonly name: string
    readonly state: string
    readonly member: string | null
    readonly whole?: boolean
    readonly wiped?: boolean
  }[]
}

/** A cluster that is up, with `kv` and a client for it. */
class Broken {
  readonly client: Client
  readonly #clusters: LocalClusters

  private constructor(clusters: LocalClusters, client: Client) {
    this.#clusters = clusters
    this.client = client
  }

  static async up(t: Test): Promise<Broken> {
    const clusters = await LocalClusters.make(t)
    await clusters.up('demo', '-n', '5')
    const client = await connect({ cluster: clusters.directory('demo') })
    const broken = new Broken(clusters, client)
    await broken.until(views => isAgreed(views, names))
    return broken
  }

  get directory(): string {
    return this.#clusters.directory('demo')
  }

  kv(...words: readonly string[]) {
    return this.#clusters.kv(words)
  }

  json<Document>(words: readonly string[], exit = 0): Promise<Document> {
    return this.#clusters.json<Document>(words, exit)
  }

  /** The first records of `kv gossip --watch --json`, which a Ctrl-C then ends. */
  async watched(count: number): Promise<readonly Watched[]> {
    const watch = this.#clusters.start(['gossip', '--watch', '--json'])
    const ended = new Promise<number | null>(resolve => watch.once('close', resolve))
    let said = ''
    watch.stdout?.on('data', chunk => {
      said += chunk
      if (said.split('\n').length > count) watch.kill('SIGINT')
    })
    const exit = await ended
    if (exit !== 0) throw new Error(`kv gossip --watch ended with ${exit}`)
    return said
      .split('\n')
      .slice(0, count)
      .map(line => JSON.parse(line))
  }

  /** What each node that answers believes of all. */
  async views(): Promise<Views> {
    const answers = await Promise.all(
      names.map(name => this.client.gossip(name, { timeoutMs: 1000 }).catch(() => undefined)),
    )
    return Object.fromEntries(
      answers.flatMap(answer =>
        answer === undefined
          ? []
          : [[answer.node, Object.fromEntries(answer.beliefs.map(one => [one.node, one.status]))]],
      ),
    )
  }

  /** Waits until the views are so; the test's own limit is generous. */
  async until(is: (views: Views) => boolean): Promise<void> {
    while (!is(await this.views())) await new Promise(resolve => setTimeout(resolve, 100))
  }

  /** Ends all faults; then everybody agrees, and `kv gossip --check` says so. */
  async heal(t: Test): Promise<void> {
    t.match(await this.kv('net', 'heal'), { exit: 0 })
    await this.until(views => isAgreed(views, names))
    t.match(await this.kv('gossip', '--check'), { exit: 0 })
    t.match(await this.json(['net', 'show']), { faults: [], unreached: [] })
  }

  status(): Promise<Status> {
    return this.json<Status>(['cluster', 'status'])
  }

  async member(name: string) {
    return (await this.status()).nodes.find(node => node.name === name)
  }
}

/** These answer, and believe each other alive. */
function isAgreed(views: Views, live: readonly string[]): boolean {
  return live.every(name => live.every(other => views[name]?.[other] === 'alive'))
}

/** Each of these believes so of this node. */
function all(views: Views, from: readonly string[], node: string, status: string): boolean {
  return from.every(name => views[name]?.[node] === status)
}

/** Killed, paused, back again. */
async function killedAndPaused(t: Test, cluster: Broken): Promise<void> {
  const others = names.filter(name => name !== 'n3')
  t.match(await cluster.kv('node', 'kill', 'n3'), { exit: 0 })
  await cluster.until(views => all(views, others, 'n3', 'down') && isAgreed(views, others))
  t.match(await cluster.member('n3'), { state: 'killed', member: 'down' })
  t.match(await cluster.kv('gossip', '--check'), { exit: 0, text: /n3 does not answer/ })
  const [first, second] = await cluster.watched(2)
  t.match(first, { agreed: true, silent: ['n3'], views: { n1: { n3: { state: 'down' } } } })
  t.ok((second?.rounds['n1'] ?? 0) >= (first?.rounds['n1'] ?? 0))
  t.match(await cluster.kv('node', 'start', 'n3'), { exit: 0 })
  await cluster.until(views => isAgreed(views, names))

  t.match(await cluster.kv('node', 'pause', 'n3'), { exit: 0 })
  await cluster.until(views => all(views, others, 'n3', 'down') && isAgreed(views, others))
  t.match(await cluster.member('n3'), { state: 'paused', member: 'down' })
  const split = await cluster.json<{ warnings: string[]; unreached: string[] }>([
    'net',
    'partition',
    'n1,n3|n2,n4,n5',
  ])
  t.match(split, { unreached: ['n3'], warnings: [/^n3 does not answer/] })
  await cluster.until(views => views['n2']?.['n1'] === 'down')
  t.match(await cluster.kv('net', 'heal'), { exit: 0, errors: /n3 does not answer/ })
  t.match(await cluster.kv('node', 'resume', 'n3'), { exit: 0 })
  await cluster.until(views => isAgreed(views, names))
  await cluster.heal(t)
  t.match(await cluster.status(), { health: 'healthy' })
}

/** A partition both ways, one node alone, and one direction of one link. */
async function cutOff(t: Test, cluster: Broken): Promise<void> {
  const [few, many] = [
    ['n1', 'n2'],
    ['n3', 'n4', 'n5'],
  ] as const
  t.match(await cluster.kv('net', 'partition', 'n1,n2|n3,n4,n5'), {
    exit: 0,
    text: /^network split: n1 n2 \| n3 n4 n5\n$/,
  })
  await cluster.until(
    views =>
      isAgreed(views, few) &&
      isAgreed(views, many) &&
      many.every(node => all(views, few, node, 'down')) &&
      few.every(node => all(views, many, node, 'down')),
  )
  t.match(await cluster.json(['gossip', '--check'], 9), { agreed: false, silent: [] })
  const matrix = await cluster.kv('gossip')
  t.match(matrix.text, /^n1 +[+●] +[+●] +[x✕]/m)
  const status = await cluster.status()
  t.match(status, { health: 'unavailable', quorum: { read: false, write: true } })
  t.same(
    status.nodes.map(node => node.member),
    ['down', 'down', 'alive', 'alive', 'alive'],
  )
  for (const via of names) {
    t.match(await cluster.client.status(via), { node: via }, 'a client reaches every node')
  }
  await cluster.heal(t)

  t.match(await cluster.kv('net', 'isolate', 'n1'), { exit: 0 })
  const others = names.filter(name => name !== 'n1')
  await cluster.until(
    views =>
      others.every(node => views['n1']?.[node] === 'suspect') && all(views, others, 'n1', 'down'),
  )
  t.ok(isAgreed(await cluster.views(), others))
  await cluster.heal(t)

  t.match(await cluster.kv('net', 'drop', 'n5', 'n1', '--rate', '1', '--one-way'), { exit: 0 })
  await cluster.until(views => views['n1']?.['n5'] === 'suspect')
  for (let i = 0; i < 20; i++) {
    const views = await cluster.views()
    t.equal(views['n1']?.['n5'], 'suspect', 'n1 hears nothing of it, and says so of it alone')
    t.ok(isAgreed(views, ['n2', 'n3', 'n4', 'n5']))
    t.equal(views['n5']?.['n1'], 'alive', 'n5 hears n1')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  await cluster.heal(t)
}

/** Late, lossy and wrong in time; what cannot be is refused. */
async function lateAndWrong(t: Test, cluster: Broken): Promise<void> {
  const { client } = cluster
  await cluster.kv('net', 'delay', 'n1', 'n2', '--ms', '20', '--jitter', '10')
  await cluster.kv('net', 'drop', 'n1', 'n3', '--rate', '0.05')
  t.match(await cluster.json(['node', 'skew', 'n2', 'n4', '-1h']), {
    nodes: [
      { node: 'n2', skewMs: -3_600_000 },
      { node: 'n4', skewMs: -3_600_000 },
    ],
    unreached: [],
  })
  const shown = await cluster.json<{ faults: { from: string; to: string }[] }>(['net', 'show'])
  t.same(
    shown.faults.map(({ from, to }) => `${from}${to}`),
    ['n1n2', 'n1n3', 'n2n1', 'n3n1'],
  )
  t.match(shown, { skewMs: { n1: 0, n2: -3_600_000, n4: -3_600_000 } })
  t.match((await cluster.kv('net', 'show')).text, /n4: its clock is 1h behind/)
  const behind = (await client.view({ via: 'n2' })).time
  t.ok(behind < Date.now() - 3_000_000, 'the node tells the time that it believes')
  for (let i = 0; i < 20; i++) await client.put(`k${i}`, 'v', { timeoutMs: 10_000 })
  t.match(await cluster.kv('node', 'skew', 'n2', 'n4', '0'), { exit: 0 })
  t.ok((await client.view({ via: 'n2' })).time > Date.now() - 60_000)
  const wrong: readonly (readonly [number, readonly string[]])[] = [
    [2, ['net', 'partition', 'n1,n2']],
    [3, ['net', 'partition', 'n1|n9']],
    [2, ['net', 'drop', 'n1', 'n2', '--rate', '2']],
    [2, ['net', 'delay', 'n1', 'n2']],
    [2, ['net', 'delay', 'n1', 'n1', '--ms', '5']],
    [3, ['net', 'isolate', 'n9']],
    [2, ['node', 'skew', 'n1', 'soon']],
    [2, ['node', 'skew', 'n1']],
    [3, ['node', 'wipe', 'n9']],
  ]
  const tried = wrong.map(async ([exit, words]) => {
    t.equal((await cluster.kv(...words)).exit, exit, words.join(' '))
  })
  await Promise.all(tried)
  await cluster.heal(t)
}

/** One clock 25 hours ahead, one as far behind: clients notice nothing, and operators are told. */
async function daysWrong(t: Test, cluster: Broken): Promise<void> {
  const { client } = cluster
  const contexts = new Map<string, Uint8Array>()
  const putAll = async (value: string) => {
    for (let i = 0; i < 30; i++) {
      const key = `clock ${i}`
      const context = contexts.get(key)
      const seen = context === undefined ? {} : { context }
      const { context: next, siblings } = await client.put(key, `${value} ${i}`, seen)
      t.equal(siblings, 0, `${key}: ${value} supersedes what it has seen`)
      contexts.set(key, next)
    }
  }
  await putAll('before')
  t.match(await cluster.kv('node', 'skew', 'n2', '25h'), { exit: 0 })
  await putAll('one ahead')
  t.match(await cluster.kv('node', 'skew', 'n4', '-25h'), { exit: 0 })
  await putAll('and one behind')
  const told = async () => (await cluster.json<{ clocksWrong: object }>(['gossip'])).clocksWrong
  while (Object.keys(await told()).join() !== 'n2,n4') {
    await new Promise(resolve => setTimeout(resolve, 300))
  }
  await putAll('while it is told')
  t.match(
    (await cluster.kv('gossip')).text,
    /n2: its clock is .* ahead of its peers': set it right/,
  )
  const { text } = await cluster.kv('cluster', 'status')
  t.match(text, /^n2: its clock is \S.* ahead of its peers': set it right$/m)
  t.match(text, /^n4: its clock is \S.* behind its peers': set it right$/m)
  t.match(await cluster.kv('node', 'skew', 'n2', 'n4', '0'), { exit: 0 })
  await putAll('put right')
  while (Object.keys(await told()).length > 0) {
    await new Promise(resolve => setTimeout(resolve, 300))
  }
  for (let i = 0; i < 30; i++) {
    const entry = await client.get(`clock ${i}`)
    const value = entry.found && !entry.conflict && Buffer.from(entry.value).toString()
    t.equal(value, `put right ${i}`)
  }
}

/** A wiped node comes back under its name, with another store. */
async function wiped(t: Test, cluster: Broken): Promise<void> {
  const { client, directory } = cluster
  for (let i = 0; i < 20; i++) await client.put(`w${i}`, 'v')
  const storeOf = async () => {
    return (await requireClusterFile(directory)).nodes.find(node => node.name === 'n2')?.store
  }
  const before = await storeOf()
  t.match(await cluster.json(['node', 'wipe', 'n2']), { node: 'n2', action: 'wipe', to: 'stopped' })
  t.equal(await storeOf(), null)
  t.match(await cluster.member('n2'), { state: 'stopped', wiped: true })
  t.match(await cluster.kv('node', 'start', 'n2'), { exit: 0 })
  await cluster.until(views => isAgreed(views, names))
  t.match(await cluster.kv('gossip', '--check'), { exit: 0 })
  while ((await storeOf()) === null) await new Promise(resolve => setTimeout(resolve, 20))
  t.not(await storeOf(), before)
  t.match(await cluster.member('n2'), { state: 'running', member: 'alive' })
  t.match(await cluster.status(), { quorum: { read: true, write: true } })
  for (let i = 0; i < 20; i++) {
    const entry = await client.get(`w${i}`, { via: 'n2' })
    t.equal(entry.found && !entry.conflict && Buffer.from(entry.value).toString(), 'v')
    await client.put(`w${i}`, 'w', { via: 'n2' })
  }
  const again = await cluster.json<{ nodes: unknown[] }>(['node', 'wipe', 'n2', '--start'])
  t.match(again.nodes, [{ action: 'wipe' }, { action: 'start', to: 'running' }])
  await cluster.until(views => isAgreed(views, names))
}

t.test('views while nodes or links are gone, and after', async t => {
  const cluster = await Broken.up(t)
  await killedAndPaused(t, cluster)
  await cutOff(t, cluster)
  await cluster.client.close()
})

t.test('a cluster with late links, wrong clocks and a wiped node', async t => {
  const cluster = await Broken.up(t)
  await lateAndWrong(t, cluster)
  await daysWrong(t, cluster)
  await wiped(t, cluster)
  await cluster.client.close()
})
