import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const root = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)

/** One violation a file: what it breaks is told by the file's name. */
const forCompiler: Readonly<Record<string, string>> = {
  'src/core/wall-node.ts': "import 'node:fs'",
  'src/core/wall-timer.ts': 'setTimeout(() => {}, 1)',
  'src/core/wall-process.ts': 'process.exit()',
  'src/core/wall-buffer.ts': 'Buffer.alloc(1)',
  'src/core/wall-upwards.ts': "import '../wire/version.ts'",
  'src/wire/wall-node.ts': "import 'node:net'",
  'src/sim/wall-node.ts': "import 'node:fs'",
  'src/sim/wall-node-layer.ts': "import '../node/hash.ts'",
  'src/host/wall-node-layer.ts': "import '../node/hash.ts'",
  'src/client/wall-node-layer.ts': "import '../node/hash.ts'",
  'src/node/wall-client-layer.ts': "import '../client/hash.ts'",
}
const forLinter: Readonly<Record<string, string>> = {
  'src/core/wall-package.ts': "import { pack } from 'msgpackr'\nexport const a = pack(1)\n",
  'src/core/wall-import.ts': "import { a } from '#elsewhere'\nexport const b = a\n",
  'src/sim/wall-package.ts': "import { pack } from 'msgpackr'\nexport const a = pack(1)\n",
  'src/sim/wall-date.ts': 'export const a = Date.now()\n',
  'src/core/wall-date.ts': 'export const a = Date.now()\n',
  'src/core/wallName.ts': 'export const a = 1\n',
  'src/node/wall-any.ts': 'export const a: any = 1\n',
}

t.test('a violation of a layer fails the check', async t => {
  const copy = mkdtempSync(join(tmpdir(), 'kvorum-walls-'))
  t.teardown(() => rmSync(copy, { recursive: true, force: true }))
  for (const name of ['src', 'tsconfig.base.json', 'biome.json', 'package.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  for (const [path, text] of Object.entries({ ...forCompiler, ...forLinter })) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    writeFileSync(join(copy, path), text)
  }
  const outputOf = async (program: string, args: readonly string[]): Promise<string> => {
    const path = join(root, 'node_modules/.bin', program)
    const done = run(path, args, { cwd: copy, maxBuffer: 1e8 })
    const { stdout, stderr } = await done.catch(
      (error: { stdout: string; stderr: string }) => error,
    )
    return stdout + stderr
  }
  const compiled = await outputOf('tsc', [
    '-b',
    'src/core',
    'src/wire',
    'src/host',
    'src/node',
    'src/client',
    'src/sim',
  ])
  for (const path of Object.keys(forCompiler)) t.match(compiled, path, `compiler: ${path}`)
  const linted = await outputOf('biome', [
    'ci',
    '--max-diagnostics=500',
    '--reporter=github',
    'src',
  ])
  for (const path of Object.keys(forLinter)) t.match(linted, path, `linter: ${path}`)
})
