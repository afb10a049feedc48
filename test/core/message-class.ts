import fc from 'fast-check'
import t from 'tap'
import {
  isAsked,
  isGossipAnswer,
  isGossipAsk,
  isPeerReply,
  isPeerRequest,
} from '../../src/core/message-class.ts'
import { isPeerMessage } from '../../src/wire/message-codec.ts'
import { anyMessage } from '../helpers/messages.ts'

t.test('each message of two nodes has one class, and a client has none', async t => {
  const isIn = (message: Parameters<typeof isPeerRequest>[0]) => [
    isPeerRequest(message),
    isGossipAsk(message),
    isPeerMessage(message) && isPeerReply(message),
    isPeerMessage(message) && isGossipAnswer(message),
  ]
  fc.assert(
    fc.property(anyMessage, message => {
      const asked = message as Parameters<typeof isPeerRequest>[0]
      const classes = isIn(asked).filter(is => is).length
      return classes === (isPeerMessage(asked) ? 1 : 0)
    }),
  )
  t.ok(isAsked({ type: 'ping', id: 1 }))
  t.notOk(isAsked({ type: 'pong', id: 1 }))
})
