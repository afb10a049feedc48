/** The shape of an explanation (`kv get --explain`): what a coordinator did for one request. */
import type { NodeId, Token } from './ids.ts'

/** What a coordinator did for one request, in the order of time, until it answered. */
export type Explained = {
  readonly coordinator: NodeId
  readonly token: Token
  readonly partition: number
  readonly primaries: readonly NodeId[]
  readonly fallbacks: readonly NodeId[]
  readonly steps: readonly ExplainedStep[]
}
export type ExplainedStep = {
  /** Microseconds since the coordinator got the request. */
  readonly atMicros: number
  readonly node: NodeId
  readonly what: ExplainedWhat
  /** Of a hint: whom it is for. Of a digest: its first bytes, for comparing by eye. */
  readonly detail: string
}
export const explainedWhats = [
  /** Asked for the whole object, for a digest; once more, since the first is slow. */
  'asked-full',
  'asked-digest',
  'hedged',
  /** What it answered. */
  'full',
  'digest',
  'nothing',
  /** The object was sent to it: as its own, or to keep for an owner. */
  'sent',
  'sent-hint',
  'stored',
  'hinted',
  /** It refused, or will not answer. */
  'refused',
  'lost',
  /** What a get writes back. */
  'repair',
  'repaired',
] as const
export type ExplainedWhat = (typeof explainedWhats)[number]
