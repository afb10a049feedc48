import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  isMissing,
  readText,
  replaceFile,
  replacePrivateFile,
  textOf,
} from '../../src/host/private-file.ts'

for (const [how, replace] of [
  ['at once', async (path: string, text: string) => replaceFile(path, text)],
  ['without waiting', replacePrivateFile],
] as const) {
  t.test(`a file is replaced ${how}: as a whole, for its owner alone, or not at all`, async t => {
    const directory = t.testdir()
    const path = join(directory, 'file')
    t.equal(textOf(path), undefined)
    t.equal(await readText(path), undefined)
    writeFileSync(path, 'old', { mode: 0o644 })
    await replace(path, 'new')
    t.same([textOf(path), await readText(path)], ['new', 'new'])
    t.equal(statSync(path).mode & 0o777, 0o600)
    const inTheWay = join(directory, 'directory')
    mkdirSync(join(inTheWay, 'with something'), { recursive: true })
    await t.rejects(replace(inTheWay, 'text'))
    t.same(readdirSync(directory).sort(), ['directory', 'file'], 'nothing is left of it')
    const nowhere = replace(join(directory, 'none', 'file'), 'text')
    t.ok(
      isMissing(
        await nowhere.then(
          () => undefined,
          problem => problem,
        ),
      ),
    )
  })
}
