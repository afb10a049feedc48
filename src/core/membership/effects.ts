/** The effects that membership pushes. */
import type { NodeId } from '../ids.ts'
import type { MembershipMessage } from '../message.ts'
import type { Effect, Note } from '../step.ts'

export function sent(to: NodeId, message: MembershipMessage): Effect {
  return { type: 'send', to, message }
}

export function noted(level: Note['level'], event: string, detail: Note['detail']): Effect {
  return { type: 'note', note: { level, event, detail } }
}
