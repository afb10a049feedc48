import t from 'tap'
import { expired, failed, failureOf, retryOf } from '../../../src/core/session/verdict.ts'
import { explainedOf } from '../../helpers/explained.ts'
import { routedCall as callOf } from '../../helpers/session-call.ts'
import { key, node, failureOf as ofNode, opOf, putOf } from '../../helpers/session-world.ts'

const put = putOf('k')
const get = {
  type: 'get',
  key: key('k'),
  r: undefined,
  strict: false,
  repair: undefined,
  explain: false,
} as const

t.test('what another node might not share is tried there', async t => {
  t.equal(retryOf.BUSY, 'patiently')
  t.equal(retryOf.STALE_VIEW, 'patiently')
  for (const code of ['UNREACHABLE', 'STORE_FULL', 'QUORUM'] as const) {
    t.equal(retryOf[code], 'others')
  }
  for (const code of ['BAD_CONTEXT', 'TOO_LARGE', 'SIBLING_LIMIT', 'RETRY_EXPIRED'] as const) {
    t.equal(retryOf[code], 'never')
  }
})

t.test('a failure is definite only where nothing that was sent may have happened', async t => {
  const [definite, indefinite] = [ofNode('QUORUM'), ofNode('QUORUM', false)]
  const outcome = (call: Parameters<typeof failed>[0], failure: typeof definite) => {
    const result = failed(call, failure)
    return result.type === 'failed' ? result.failure.outcome : undefined
  }
  t.equal(outcome(callOf(put), definite)?.definite, true)
  t.equal(outcome(callOf(put), indefinite)?.definite, false)
  t.equal(outcome(callOf(put, { unsure: true }), definite)?.definite, false)
  t.equal(outcome(callOf(get), indefinite)?.definite, true, 'a read has no effect')
  t.equal(outcome(callOf(put, { op: opOf(3) }), definite)?.op, opOf(3))
})

t.test('the end of a call: the last refusal, or silence, or nobody there', async t => {
  const asked = [node('n1'), node('n2')]
  t.match(expired(callOf(put), 2), {
    failure: { code: 'UNREACHABLE', outcome: { definite: true, needed: 2 } },
  })
  t.match(expired(callOf(put, { asked, unsure: true }), 2), {
    failure: { code: 'TIMEOUT', message: /n1, n2/, outcome: { definite: false } },
  })
  t.match(expired(callOf(put, { asked, lastFailure: ofNode('BUSY') }), 2), {
    failure: { code: 'BUSY', outcome: { definite: true } },
  })
  t.match(expired(callOf(get, { asked, lastFailure: ofNode('STALE_VIEW') }), 2), {
    failure: { code: 'TIMEOUT' },
  })
  t.match(failureOf('BUSY', 'text', 3), { code: 'BUSY', outcome: { needed: 3, definite: true } })
})

t.test(
  'a failure tells what the node that refused it had done, where that was asked for',
  async t => {
    const explained = explainedOf('0 n1 asked-full', '900 n1 refused QUORUM')
    const call = callOf(get, { explained })
    t.match(failed(call, failureOf('QUORUM', 'too few', 2)), { type: 'failed', explained })
  },
)
