/**
 * Messages that could not leave. The host brings each back in the same turn, and nothing waits
 * for a deadline because of it: a request counts as refused by the node that never got it, and
 * whoever asked for a reply that cannot be sent gets a small refusal in its place.
 */
import type { NodeId } from './ids.ts'
import type { ClientReply, FailReply } from './message.ts'
import type { PeerReply, PeerRequest } from './message-class.ts'
import { type Failure, nothingDone } from './outcome.ts'

/**
 * too-large: it fits no frame. behind: the other side has left too much unread. gone: there is
 * no connection.
 */
export type Unsent = 'too-large' | 'behind' | 'gone'

/** Why a message to this node did not leave, as the failure of whatever needed it. */
export function unsentFailure(why: Unsent, to: NodeId): Failure {
  const outcome = nothingDone(0)
  switch (why) {
    case 'too-large':
      return { code: 'TOO_LARGE', message: tooLarge, outcome }
    case 'behind':
      return { code: 'BUSY', message: `${to} does not read what it was sent`, outcome }
    case 'gone':
      return { code: 'QUORUM', message: `there is no connection to ${to}`, outcome }
  }
}

/** The reply that refuses a node's request with a definite failure. */
export function refusalOf(request: PeerRequest, failure: Failure): PeerReply {
  const id = request.id
  switch (request.type) {
    case 'store':
      return { type: 'stored', id, whole: false, refused: failure }
    case 'handoff':
      return { type: 'handed', id, whole: false, foreground: 0, refused: failure, left: [] }
    case 'read':
      return {
        type: 'held',
        id,
        whole: false,
        generation: 0,
        digest: '',
        object: undefined,
        refused: failure,
      }
    case 'forward':
      return {
        type: 'forwarded',
        id,
        reply: { type: 'failed', id: request.request.id, failure, explained: undefined },
      }
    case 'list':
      return { type: 'listed', id, rows: [], upTo: '', counts: noBytes, refused: failure }
    case 'compare':
    case 'sketch':
      return { type: 'compared', id, ...notNow, wall: undefined, entries: noBytes }
    case 'round':
      return { type: 'rounded', id, done: false, parts: noBytes }
    case 'differ':
      return {
        ...{ type: 'differing', id, ...notNow, ...nothing },
        ...{ wants: [], heldDone: 0, nodesDone: 0 },
      }
    case 'fetch':
      return { type: 'fetched', id, ...notNow, ...nothing, done: 0, after: '' }
  }
}

/** What the asker is told in place of a reply that cannot be sent; undefined: nothing is smaller. */
export function insteadOf(reply: PeerReply, failure: Failure): PeerReply | undefined {
  const id = reply.id
  switch (reply.type) {
    case 'held':
      return reply.object && { ...reply, object: undefined, refused: failure }
    case 'listed':
      return reply.rows.length === 0
        ? undefined
        : { type: 'listed', id, rows: [], upTo: '', counts: noBytes, refused: failure }
    case 'compared':
      return reply.entries.length === 0
        ? undefined
        : { ...reply, state: 'not-ready', entries: noBytes }
    case 'differing':
      return reply.copies.length === 0
        ? undefined
        : {
            ...{ ...reply, ...nothing, state: 'not-ready' },
            ...{ wants: [], heldDone: 0, nodesDone: 0 },
          }
    case 'fetched':
      return reply.copies.length === 0
        ? undefined
        : { ...reply, ...nothing, state: 'not-ready', done: 0, after: '' }
    case 'rounded':
      return reply.parts.length === 0
        ? undefined
        : { type: 'rounded', id, done: false, parts: noBytes }
    case 'forwarded':
      return reply.reply.type === 'failed'
        ? undefined
        : { ...reply, reply: instead(reply.reply, { ...failure, outcome: reply.reply.outcome }) }
    case 'stored':
    case 'handed':
      return undefined
  }
}

/** What a client is told in place of a reply that cannot be sent. */
export function failInstead(reply: ClientReply, why: Unsent): FailReply | undefined {
  if (reply.type === 'failed' || why === 'gone') return undefined
  // What a put did is done: only what would have told of it is lost.
  const outcome = reply.type === 'wrote' ? reply.outcome : nothingDone(0)
  const failure: Failure =
    why === 'behind'
      ? { code: 'BUSY', message: 'the node is busy: its replies are not taken', outcome }
      : { code: 'TOO_LARGE', message: reply.type === 'got' ? tooLarge : replyTooLarge, outcome }
  return instead(reply, failure)
}

function instead({ id, type }: ClientReply, failure: Failure): FailReply {
  const outcome = { ...failure.outcome, definite: type !== 'wrote' }
  return { type: 'failed', id, failure: { ...failure, outcome }, explained: undefined }
}

const tooLarge = 'the versions of this key are too large together to be sent'
const replyTooLarge = 'the reply is too large to be sent'
const nothing = { copies: [], tooLarge: [] } as const
const notNow = { state: 'not-ready', foreground: 0 } as const
const noBytes = new Uint8Array(0)
