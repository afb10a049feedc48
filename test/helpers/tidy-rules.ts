/** The style rules that no linter knows (aesthetics: "a style rule that is not a test is a wish"). */

export type Source = { readonly path: string; readonly text: string }

/** One problem a line: `path: what is wrong`. */
export function problemsOf(sources: readonly Source[]): string[] {
  return [...sources.flatMap(problemsOfOne), ...missingMirrors(sources)]
}

function problemsOfOne(source: Source): string[] {
  const { path, text } = source
  if (path.endsWith('.md')) return problemsOfMarkdown(source)
  const problems: string[] = []
  const code = withoutCommentsAndStrings(text)
  const pure = /^src\/(core|wire|sim)\//.test(path) && path !== knownBad
  for (const [pattern, what] of everywhere) if (pattern.test(code)) problems.push(what)
  for (const [pattern, what] of inComments) if (pattern.test(text)) problems.push(what)
  if (pure) for (const [pattern, what] of inPure) if (pattern.test(code)) problems.push(what)
  if (pure && /\/\/\/\s*<reference/.test(text)) problems.push('a reference directive')
  if (path.startsWith('src/core/')) {
    for (const word of forbiddenWords) {
      if (new RegExp(`\\b${word}s?\\b`, 'i').test(code)) problems.push(`the word ${word}`)
    }
  }
  if (forbiddenName.test(path) && !path.startsWith('test/helpers/')) problems.push('its name')
  if (/\/index\.tsx?$/.test(path) && path !== 'src/client/index.ts') problems.push('a barrel file')
  if (text.split('\n').length > 401) problems.push('more than 400 lines')
  if (/^src\/commands\//.test(path) && text.split('\n').length > 121) {
    problems.push('a command of more than 120 lines')
  }
  for (const [pattern, only, what] of inOnePlace) {
    if (path.startsWith('src/') && path !== only && pattern.test(text)) problems.push(what)
  }
  if (/process\.stdout\.write/.test(code) && /^src\//.test(path) && !mayPrint.has(path)) {
    problems.push('it writes to stdout itself')
  }
  return problems.map(problem => `${path}: ${problem}`)
}

function problemsOfMarkdown({ path, text }: Source): string[] {
  const outsideFences = text.replace(/^```[\s\S]*?^```/gm, '')
  const titles = outsideFences.match(/^# /gm)?.length ?? 0
  return titles === 1 ? [] : [`${path}: ${titles} titles`]
}

/** Every core file with code in it has its mirrored test. */
function missingMirrors(sources: readonly Source[]): string[] {
  const paths = new Set(sources.map(({ path }) => path))
  return sources
    .filter(({ path }) => path.startsWith('src/core/') && path.endsWith('.ts'))
    .filter(({ text }) => /^export (function|class|const)/m.test(text))
    .filter(({ path }) => !paths.has(path.replace(/^src/, 'test')))
    .map(({ path }) => `${path}: no mirrored test`)
}

function withoutCommentsAndStrings(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
}

const everywhere: readonly (readonly [RegExp, string])[] = [
  [/\.only\(/, 'a test runs alone'],
  [/\bas any\b/, 'a cast to any'],
  [/\blocaleCompare\b/, 'an order that depends on the locale'],
]

const inComments: readonly (readonly [RegExp, string])[] = [
  [new RegExp('\\b(FIX' + 'ME|TO' + 'DO|XX' + 'X)\\b'), 'something left to do'],
  [new RegExp('@ts-' + '(ignore|nocheck|expect-error)'), 'a silenced compiler'],
]

const inPure: readonly (readonly [RegExp, string])[] = [
  [/\basync\b|\bawait\b|\bPromise\b/, 'something asynchronous'],
  [/\bMath\.(random|log|exp|pow|sin|cos|tan)\b/, 'luck or inexact mathematics'],
  [/\bDate\b|\bperformance\b/, 'a clock'],
  [/\bIntl\b|\btoLocale/, 'the locale'],
  [/\bWeakRef\b|\bFinalizationRegistry\b/, 'the garbage collector'],
  [/\bsetTimeout\b|\bsetImmediate\b|\bqueueMicrotask\b/, 'a timer'],
]

/** Rows of objects are written through one gate: whoever goes around it is in another file. */
const inOnePlace: readonly (readonly [RegExp, string, string])[] = [
  [/\bnew ObjectRows\b/, 'src/core/objects.ts', 'rows of objects beside their gate'],
  [/\bonlyWriterOf\(objectSpace/, 'src/core/object-rows.ts', 'rows of objects beside their gate'],
  [/type: 'commit', commit/, 'src/core/pending.ts', 'a commit beside the pending rows'],
]

/** The half of `#mutants` that breaks rules on purpose, and is never shipped to run. */
const knownBad = 'src/core/mutants-on.ts'

const forbiddenWords = ['shard', 'slot', 'master', 'slave', 'leader', 'purge', 'bucket']
const forbiddenName = /(^|[/-])(utils?|helpers?|common|misc|managers?|services?)([./-]|$)/
/** The renderer, and what speaks to a parent process rather than to a person. */
const mayPrint = new Set([
  'src/cli/render.ts',
  'src/node/log.ts',
  'src/node/main.ts',
  'src/node/open-check.ts',
])
