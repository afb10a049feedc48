import { PassThrough } from 'node:stream'
import t from 'tap'
import { typedName } from '../../src/cli/typed-name.ts'

function terminal() {
  const [input, output] = [new PassThrough(), new PassThrough()]
  return { input, output, shown: () => String(output.read() ?? '') }
}

t.test('a name is what was typed up to the end of the line', async t => {
  const { shown, ...streams } = terminal()
  const typed = typedName('Type n\x1b3: ', new AbortController().signal, streams)
  streams.input.write(' n3 \nmore\n')
  t.equal(await typed, 'n3')
  t.equal(shown(), 'Type n\\e3: ', 'what is asked acts on no terminal')
})

t.test('nothing is typed where the terminal closes', async t => {
  const streams = terminal()
  const typed = typedName('?', new AbortController().signal, streams)
  streams.input.end()
  t.equal(await typed, '')
})

t.test('a Ctrl-C ends the question', async t => {
  const abort = new AbortController()
  const typed = typedName('?', abort.signal, terminal())
  abort.abort(new Error('stopped'))
  await t.rejects(typed, /abort|stopped/i)
})
