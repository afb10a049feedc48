import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { connect } from '../../src/client/index.ts'
import { writeSecret } from '../helpers/cluster-files.ts'
import { FakeCluster } from '../helpers/fake-cluster.ts'

t.test('the examples of docs/client.md run', async t => {
  const page = readFileSync(new URL('../../../docs/client.md', import.meta.url), 'utf8')
  const examples = [...page.matchAll(/<!-- run -->\n```js\n(.*?)```/gs)].map(found => found[1])
  t.equal(examples.length, 5)
  const cluster = await FakeCluster.start()
  const directory = t.testdir()
  const kv = await connect({
    seeds: cluster.seeds,
    credential: writeSecret(cluster, join(directory, 'secret.json')),
  })
  t.teardown(async () => {
    await kv.close()
    await cluster.close()
  })
  const entry = fileURLToPath(new URL('../../src/client/index.js', import.meta.url))
  const lines: string[] = []
  for (const [i, example] of examples.entries()) {
    const file = join(directory, `example-${i}.mjs`)
    const code = `import { KvError } from ${JSON.stringify(pathToFileURL(entry).href)}
      export async function run(kv, console) { ${example} }`
    writeFileSync(file, code)
    const { run } = await import(pathToFileURL(file).href)
    await run(kv, { log: (line: string) => lines.push(line) })
  }
  t.same(lines, ['milk', 'cart:7'], 'the fake cluster lists tombstones too')
  const list = await kv.get('list')
  t.match(list, { found: true, conflict: false, value: Buffer.from('bread') })
})
