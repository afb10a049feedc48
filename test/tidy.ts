import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { problemsOf, type Source } from './helpers/tidy-rules.ts'

const root = join(import.meta.dirname, '..', '..')

t.test('the tree keeps the rules of style', async t => {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  const paths = listed.split('\n').filter(path => /\.(tsx?|js|md)$/.test(path))
  const sources = paths.flatMap((path): Source[] => {
    try {
      return [{ path, text: readFileSync(join(root, path), 'utf8') }]
    } catch {
      return []
    }
  })
  t.ok(sources.length > 30)
  t.same(problemsOf(sources), [])
})

t.test('each rule fires on a violation planted for it', async t => {
  const mirrored = (path: string, text: string): Source[] => [
    { path, text },
    { path: path.replace(/^src/, 'test'), text: '' },
  ]
  const planted: readonly (readonly [string, string])[] = [
    ['src/core/a.ts', 'export async function a() {}'],
    ['src/core/a.ts', 'const a = Math.random()'],
    ['src/wire/a.ts', 'const a = Date.now()'],
    ['src/sim/a.ts', 'new Intl.Collator()'],
    ['src/core/a.ts', '/// <reference types="node" />'],
    ['src/core/a.ts', 'const shard = 1'],
    ['src/node/a.ts', `// ${'TO'}${'DO'} later`],
    ['src/node/a.ts', `// @ts-${'ignore'}`],
    ['src/node/a.ts', 'a as any'],
    ['test/node/a.ts', 't.only()'],
    ['src/node/a-utils.ts', ''],
    ['src/node/helpers/a.ts', ''],
    ['src/node/index.ts', ''],
    ['src/node/a.ts', '\n'.repeat(401)],
    ['src/commands/a.ts', '\n'.repeat(121)],
    ['src/client/a.ts', 'process.stdout.write(1)'],
    ['src/core/a.ts', 'new ObjectRows(parts)'],
    ['src/core/a.ts', 'pending.onlyWriterOf(objectSpace)'],
    ['src/core/a.ts', "out.push({ type: 'commit', commit, rows })"],
    ['docs/a.md', '# one\n# two\n'],
  ]
  for (const [path, text] of planted) {
    t.equal(problemsOf(mirrored(path, text)).length > 0, true, `${path}: ${text.slice(0, 40)}`)
  }
  const unmirrored = [{ path: 'src/core/a.ts', text: 'export const a = 1' }]
  t.same(problemsOf(unmirrored), ['src/core/a.ts: no mirrored test'])
  t.same(problemsOf(mirrored('src/core/a.ts', '/** async Date */ export const a = 1')), [])
})

t.test('a folder that tap leaves out has no tests, or runs as a bundle', async t => {
  const options = readFileSync(join(root, '.taprc'), 'utf8')
  const left = [...options.matchAll(/"build\/test\/([a-z]+)\/\*\*"/g)].map(([, name]) => name!)
  const bundles = readdirSync(join(root, 'test/bundles')).map(name => name.replace(/\.ts$/, ''))
  const withoutTests = ['helpers', 'contracts', 'fixtures', 'soak']
  t.same(left.sort(), [...withoutTests, ...bundles].sort())
})
