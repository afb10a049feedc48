/** `kv -c demo get k` is `kv get k -c demo`: oclif knows flags only behind the command. */

const withValue = new Set(['-c', '--cluster', '--credential', '--timeout'])
const alone = new Set(['-q', '--quiet', '-v', '--verbose', '--no-color', '--no-input', '--json'])

/** The words with global flags that stand first moved behind the others, before any `--`. */
export function withFlagsLast(words: readonly string[]): readonly string[] {
  let first = 0
  for (let next = endOfFlag(words, 0); next > first; next = endOfFlag(words, first)) first = next
  if (first === 0 || first >= words.length) return words
  const end = words.indexOf('--', first)
  const behind = end === -1 ? words.length : end
  return [...words.slice(first, behind), ...words.slice(0, first), ...words.slice(behind)]
}

/** Where a global flag that begins here ends; `at` itself where none does. */
function endOfFlag(words: readonly string[], at: number): number {
  const word = words[at] ?? ''
  if (alone.has(word)) return at + 1
  if (withValue.has(word)) return Math.min(at + 2, words.length)
  return withValue.has(word.split('=')[0] ?? '') ? at + 1 : at
}
