/** What every refusal of `kv` looks like: one clear line, the exit code, and the same as JSON. */
import type { Test } from 'tap'
import { pipelined } from '../../src/cli/pipelined.ts'
import type { Ran } from './cli-cluster.ts'

/** Words, the exit code, and what the line says. */
export type Refusal = readonly [words: readonly string[], exit: number, says: RegExp]

type Run = (words: readonly string[]) => Promise<Ran>

/** Runs each refusal; every third one as `--json`, whose way is the same for all. */
export async function checkRefusals(t: Test, run: Run, refusals: readonly Refusal[]) {
  const numbered = refusals.map((refusal, i) => ({ refusal, asJson: i % 3 === 2 }))
  const ran = async ({ refusal, asJson }: (typeof numbered)[number]) => {
    const [words] = refusal
    return { refusal, asJson, ran: await run(asJson ? withJson(words) : words) }
  }
  for await (const one of pipelined(numbered, 3, ran)) {
    if (one.asJson) checkJson(t, one.refusal, one.ran)
    else checkText(t, one.refusal, one.ran)
  }
}

function checkText(t: Test, [words, exit, says]: Refusal, ran: Ran): void {
  const name = words.map(word => word.slice(0, 40)).join(' ')
  const [line = '', ...more] = ran.errors.split('\n').slice(0, -1)
  const others = more.filter(other => !other.startsWith('  try: '))
  t.match({ ...ran, line, others }, { exit, text: '', line: says, others: [] }, name)
  t.ok(line.startsWith('kv: '), `${name}: begins as all errors do`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be there
  t.notMatch(ran.errors, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/, `${name}: no control byte`)
}

function checkJson(t: Test, [words, exit, says]: Refusal, ran: Ran): void {
  const name = `${words.map(word => word.slice(0, 40)).join(' ')} --json`
  t.match(ran, { exit, errors: '', text: /^\{.*\}\n$/ }, name)
  const { error } = JSON.parse(ran.text)
  t.match(error, { code: String, message: says, exit, suggestions: Array }, name)
}

/** Flags go before a `--`. */
function withJson(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--')
  const at = end === -1 ? words.length : end
  return [...words.slice(0, at), '--json', ...words.slice(at)]
}
