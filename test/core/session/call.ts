import t from 'tap'
import type { Epoch, OpId } from '../../../src/core/ids.ts'
import { type Call, isWrite, mayHaveHappened, requestOf } from '../../../src/core/session/call.ts'
import { routedCall as callOf } from '../../helpers/session-call.ts'
import { key, opOf, putOf } from '../../helpers/session-world.ts'

const envelope = { id: 7, epoch: 'epoch-01' as Epoch, timeLeft: 90 }
const op = opOf(1)
const request = (call: Call) => requestOf(call, envelope, op, 4)

t.test('each wish becomes its message, under the envelope', async t => {
  const get = callOf({
    type: 'get',
    key: key('k'),
    r: 1,
    strict: false,
    repair: undefined,
    explain: false,
  })
  t.same(request(get), {
    ...envelope,
    type: 'get',
    key: 'k',
    r: 1,
    strict: false,
    repair: undefined,
    explain: false,
  })
  const put = request(callOf(putOf('k')))
  t.match(put, { ...envelope, type: 'put', op, again: false, generation: 4 })
  const scan = callOf({ type: 'scan', prefix: 'p', after: 'a', limit: 9, partial: true })
  t.same(request(scan), {
    ...envelope,
    type: 'scan',
    prefix: 'p',
    after: 'a',
    limit: 9,
    partial: true,
  })
  t.same(request(callOf({ type: 'inspect', key: key('k') })), {
    ...envelope,
    type: 'inspect',
    key: 'k',
  })
  t.same(request(callOf({ type: 'view' })), { type: 'view', id: 7 })
  t.same(request(callOf({ type: 'status' })), { type: 'status', id: 7 })
})

t.test('a write that may have happened says that it is sent again; a read never may', async t => {
  const write = callOf(putOf('k'), { unsure: true })
  t.ok(isWrite(write) && mayHaveHappened(write))
  t.match(request(write), { again: true })
  const read = callOf(
    { type: 'get', key: key('k'), r: undefined, strict: false, repair: undefined, explain: false },
    { unsure: true },
  )
  t.notOk(isWrite(read) || mayHaveHappened(read))
  const none = '' as OpId
  t.notMatch(requestOf(read, envelope, none, 0), { again: true })
})
