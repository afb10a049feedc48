/** What a call in a story came to: as facts for tests, and as the words of its line. */

import { assert } from '../../core/assert.ts'
import { decodeContext } from '../../core/causality/context.ts'
import type { GetReply, PutReply } from '../../core/message.ts'
import type { Failure, Outcome } from '../../core/outcome.ts'
import type { RepairMode } from '../../core/quorum/repair-mode.ts'
import type { CallResult } from '../../core/session/call.ts'
import { coreSecrets } from '../../wire/secret.ts'
import { simHash } from '../hash.ts'
import { listed, valuesOf, valuesText } from './cast.ts'
import type { StoryWorld } from './story-world.ts'

/** How a call is made, where it is not as the cluster has it. */
export type CallOptions = {
  readonly r?: number
  readonly w?: number
  readonly strict?: boolean
  readonly repair?: RepairMode
  readonly timeoutMs?: number
  /** A put that says it has seen nothing. */
  readonly blind?: boolean
}

/** Nodes are words of letters in the order of the walk: `AB`. */
type Said = {
  readonly primaries: string
  readonly fallbacks: string
  readonly needed: number
}

export type Wrote = Said & {
  readonly type: 'wrote'
  readonly hinted: string
  /** `{A,1}`; undefined where the operation was known, and superseded. */
  readonly dot: string | undefined
  readonly siblings: number
}

export type Got = Said & {
  readonly type: 'got'
  readonly values: readonly string[]
  readonly vector: string
  readonly repaired: string
  readonly unrepaired: boolean
}

export type Failed = Said & {
  readonly type: 'failed'
  readonly kind: 'put' | 'get'
  readonly code: string
  readonly message: string
  readonly definite: boolean
}

export type Ended = Wrote | Got | Failed

/** How a call of this kind ended. */
export function endOf(world: StoryWorld, kind: Failed['kind'], result: CallResult): Ended {
  if (result.type === 'failed') return failedOf(world, kind, result.failure)
  const { reply } = result
  if (kind === 'put' && reply.type === 'wrote') return wroteOf(world, reply)
  assert(kind === 'get' && reply.type === 'got', 'a call is answered as what it is')
  return gotOf(world, reply)
}

function wroteOf({ cast }: StoryWorld, { outcome, siblings }: PutReply): Wrote {
  return {
    type: 'wrote',
    ...saidOf(cast, outcome),
    hinted: cast.word(outcome.hinted),
    dot: outcome.dot && cast.dot(outcome.dot),
    siblings,
  }
}

function gotOf(world: StoryWorld, { outcome, versions, context }: GetReply): Got {
  const { cast } = world
  const living = versions.flatMap(({ value }) => (value === undefined ? [] : { value }))
  return {
    type: 'got',
    ...saidOf(cast, outcome),
    values: valuesOf(living),
    vector: vectorOf(world, context),
    repaired: cast.word(outcome.repaired),
    unrepaired: outcome.unrepaired,
  }
}

function failedOf({ cast }: StoryWorld, kind: Failed['kind'], failure: Failure): Failed {
  const { code, message, outcome } = failure
  return {
    type: 'failed',
    kind,
    ...saidOf(cast, outcome),
    code,
    message: cast.translated(message),
    definite: outcome.definite,
  }
}

/** The vector of a context: what its holder was shown, and wrote. */
export function vectorOf({ cast, context, key }: StoryWorld, bytes: Uint8Array): string {
  const { context: keys } = coreSecrets(context.secret)
  const told = decodeContext(simHash, keys, key, bytes)
  return told === undefined ? '?' : cast.vector(told.seen.vector)
}

/** How its line ends. */
export function endText(end: Ended): string {
  switch (end.type) {
    case 'wrote':
      return wroteText(end)
    case 'got':
      return gotText(end)
    case 'failed': {
      const happened = end.definite ? ': it did not happen' : ': it may have happened'
      return `fails with ${end.code}, "${end.message}"${end.kind === 'put' ? happened : ''}.`
    }
  }
}

/** `, strict, w=3`. */
export function optionsText({ r, w, strict, repair, timeoutMs }: CallOptions): string {
  return [
    ...(strict === true ? ['strict'] : []),
    ...(r === undefined ? [] : [`r=${r}`]),
    ...(w === undefined ? [] : [`w=${w}`]),
    ...(repair === undefined ? [] : [`read repair ${repair}`]),
    ...(timeoutMs === undefined ? [] : [`within ${timeoutMs} ms`]),
  ]
    .map(text => `, ${text}`)
    .join('')
}

/** `A, B and C`. */
export function named(word: string): string {
  return listed([...word])
}

function wroteText({ dot, needed, hinted, ...said }: Wrote): string {
  const what =
    dot === undefined ? 'it is known already, and not written again' : `written as ${dot}`
  const kept = hinted === '' ? '' : ` A hint is kept for ${named(hinted)}.`
  return `${what}. Needed ${needed}, acknowledged by ${voicesText(said)}.${kept}`
}

function gotText({ values, vector, needed, repaired, unrepaired, ...said }: Got): string {
  const what = `${valuesText(values)}${vector === '' ? '' : ` ${vector}`}`
  const mended = repaired === '' ? '' : ` Repaired: ${named(repaired)}.`
  const not = unrepaired ? ' Marked unrepaired: R owners are not known to hold it.' : ''
  return `${what}. Needed ${needed}, answered by ${voicesText(said)}.${mended}${not}`
}

/** Who counted: owners, then those that stood in. */
function voicesText({ primaries, fallbacks }: Pick<Said, 'primaries' | 'fallbacks'>): string {
  const own = primaries === '' ? [] : [named(primaries)]
  const others =
    fallbacks === ''
      ? []
      : [`the ${fallbacks.length === 1 ? 'fallback' : 'fallbacks'} ${named(fallbacks)}`]
  return [...own, ...others].join(' and ') || 'nobody'
}

function saidOf(cast: StoryWorld['cast'], outcome: Outcome): Said {
  return {
    primaries: cast.word(outcome.primaryAcks),
    fallbacks: cast.word(outcome.fallbackAcks),
    needed: outcome.needed,
  }
}
