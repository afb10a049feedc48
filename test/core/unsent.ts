import fc from 'fast-check'
import t from 'tap'
import type { NodeId } from '../../src/core/ids.ts'
import type { ClientReply, PeerMessage } from '../../src/core/message.ts'
import { isPeerReply, isPeerRequest } from '../../src/core/message-class.ts'
import {
  failInstead,
  insteadOf,
  refusalOf,
  type Unsent,
  unsentFailure,
} from '../../src/core/unsent.ts'
import { encode, isPeerMessage } from '../../src/wire/message-codec.ts'
import { anyMessage, messages } from '../helpers/messages.ts'

const whys: readonly Unsent[] = ['too-large', 'behind', 'gone']
const why = fc.constantFrom(...whys)
const peerMessage = anyMessage.filter(message =>
  isPeerMessage(message as PeerMessage),
) as fc.Arbitrary<PeerMessage>
const smallBytes = 1024

t.test('a request that did not leave is refused under its number, in few bytes', async () => {
  fc.assert(
    fc.property(peerMessage.filter(isPeerRequest), why, (request, why) => {
      const refusal = refusalOf(request, unsentFailure(why, 'n2' as NodeId))
      const { length } = encode(refusal)
      return refusal.id === request.id && isPeerReply(refusal) && length < smallBytes
    }),
  )
})

t.test(
  'in place of a reply goes a smaller one of its kind, and nothing in place of that',
  async () => {
    fc.assert(
      fc.property(peerMessage.filter(isPeerReply), why, (reply, why) => {
        const failure = unsentFailure(why, 'n2' as NodeId)
        const instead = insteadOf(reply, failure)
        if (instead === undefined) return true
        const isSame = instead.id === reply.id && instead.type === reply.type
        return isSame && insteadOf(instead, failure) === undefined
      }),
    )
  },
)

t.test('what tells of a write that happened never becomes a definite failure', async t => {
  fc.assert(
    fc.property(messages.wrote, why, (reply, why) => {
      const instead = failInstead(reply as ClientReply, why)
      return why === 'gone' ? instead === undefined : instead?.failure.outcome.definite === false
    }),
  )
  fc.assert(
    fc.property(messages.got, reply => {
      return failInstead(reply, 'too-large')?.failure.code === 'TOO_LARGE'
    }),
  )
  const failed = { type: 'failed', id: 1 } as ClientReply
  t.equal(failInstead(failed, 'too-large'), undefined)
})
