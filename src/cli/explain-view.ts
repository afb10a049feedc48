/**
 * What a coordinator did for one get or put, as a waterfall: a line a step in the order of time,
 * an answer with a bar from when its node was asked to when it answered. Pure: the explanation
 * in, lines out; `kv get --explain` says them beside the value, never in it.
 */
import { hexOf } from '../core/binary.ts'
import type { Explained, ExplainedStep } from '../core/explained.ts'
import { shownMicros } from './duration.ts'
import { alignedLines } from './render.ts'
import { fractionOf } from './shown.ts'

/** What the lines are drawn for. */
export type Screen = { readonly unicode: boolean; readonly columns: number }

/** The head, then the waterfall. */
export function explainLines(explained: Explained, key: string, screen: Screen): readonly string[] {
  const { coordinator, token, partition, primaries, fallbacks, steps } = explained
  const place = `hash ${hexOf(token)}  token ${(fractionOf(token) * 100).toFixed(1)}%`
  const others = fallbacks.join(', ') || 'none'
  return [
    `${key}  ${place}  partition ${partition}`,
    `  preference: ${primaries.join(', ')}   fallbacks: ${others}   coordinator: ${coordinator}`,
    ...waterfall(steps, screen),
  ]
}

export function explainDocument(explained: Explained) {
  const { coordinator, token, partition, primaries, fallbacks, steps } = explained
  return {
    coordinator,
    hash: hexOf(token),
    token: fractionOf(token),
    partition,
    preference: primaries,
    fallbacks,
    steps: steps.map(({ detail, ...step }) => (detail === '' ? step : { ...step, detail })),
  }
}

type What = ExplainedStep['what']

/** A step and what it belongs to: where it began, whether an answer to it came. */
type Span = { readonly step: ExplainedStep; readonly from: number; answered: boolean }

/** What each step begins, if it begins something: the answers that end it. */
const answersTo: Readonly<Partial<Record<What, readonly What[]>>> = {
  'asked-full': ['full', 'nothing', 'refused', 'lost'],
  'asked-digest': ['digest', 'nothing', 'refused', 'lost'],
  hedged: ['full', 'digest', 'nothing', 'refused', 'lost'],
  sent: ['stored', 'refused', 'lost'],
  'sent-hint': ['hinted', 'refused', 'lost'],
  repair: ['repaired', 'refused', 'lost'],
}

/** In words; the detail is the second one's. */
const words: Readonly<Record<What, (detail: string) => string>> = {
  'asked-full': withDetail('asked for the object'),
  'asked-digest': withDetail('asked for a digest'),
  hedged: withDetail('asked too: the first is slow'),
  full: withDetail('has the object'),
  digest: detail => `has digest ${detail}`,
  nothing: withDetail('has nothing'),
  sent: withDetail('sent the object'),
  'sent-hint': detail => `sent a hint for ${detail}`,
  stored: withDetail('stored it'),
  hinted: detail => `keeps the hint for ${detail}`,
  refused: withDetail('refused'),
  lost: withDetail('no answer'),
  repair: withDetail('sent a repair'),
  repaired: withDetail('repaired'),
}

function withDetail(text: string): (detail: string) => string {
  return detail => (detail === '' ? text : `${text} (${detail})`)
}

function waterfall(steps: readonly ExplainedStep[], screen: Screen): readonly string[] {
  const spans = spansOf(steps)
  const total = Math.max(0, ...steps.map(step => step.atMicros))
  const rows = spans.map(({ step, answered }) => {
    const { atMicros, node, what, detail } = step
    const waits = answersTo[what] !== undefined && !answered ? ', no answer yet' : ''
    return [`  ${shownMicros(atMicros)}`, node, words[what](detail) + waits]
  })
  const texts = alignedLines(rows, [true])
  const used = Math.max(0, ...texts.map(line => [...line].length))
  const cells = Math.min(widest, screen.columns - 1 - used - gap.length)
  if (cells < narrowest) return texts
  return texts.map((text, i) => {
    const bar = barOf(spans[i] as Span, total, cells, screen.unicode)
    return `${text}${' '.repeat(used - [...text].length)}${gap}${bar}`.trimEnd()
  })
}

/** Each step with the one that it answers: the oldest of its node that still waits for such. */
function spansOf(steps: readonly ExplainedStep[]): readonly Span[] {
  const spans: Span[] = []
  for (const step of [...steps].sort((a, b) => a.atMicros - b.atMicros)) {
    const begun = spans.find(
      span =>
        !span.answered &&
        span.step.node === step.node &&
        answersTo[span.step.what]?.includes(step.what) === true,
    )
    if (begun !== undefined) begun.answered = true
    spans.push({ step, from: begun?.step.atMicros ?? step.atMicros, answered: false })
  }
  return spans
}

/** A dot where something was begun, a bar to where it was answered, a thin one where it was not. */
function barOf({ step, from, answered }: Span, total: number, cells: number, unicode: boolean) {
  const cellOf = (micros: number) =>
    total === 0 ? 0 : Math.min(cells - 1, Math.floor((micros / total) * cells))
  const symbols = unicode ? pictures : letters
  const begins = answersTo[step.what] !== undefined
  const first = cellOf(from)
  const last = begins && !answered ? cells - 1 : cellOf(step.atMicros)
  const symbol = !begins ? symbols.answer : answered ? symbols.begin : symbols.open
  return ' '.repeat(first) + symbol.repeat(last - first + 1)
}

const pictures = { begin: '·', answer: '█', open: '░' }
const letters = { begin: '.', answer: '#', open: '-' }
const gap = '  '
/** Fewer cells than this say nothing; more say no more. */
const narrowest = 8
const widest = 60
