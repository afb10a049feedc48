import t from 'tap'
import { pause } from '../../src/client/pause.ts'

t.test('ends with its time, with the signal, or with what it may end sooner by', async t => {
  await pause(1, undefined)
  const long = 3_600_000
  const abort = new AbortController()
  const waits = [
    pause(long, abort.signal),
    pause(long, AbortSignal.abort()),
    pause(long, undefined, Promise.resolve()),
    pause(long, undefined, Promise.reject(new Error('and not by its failure'))),
  ]
  abort.abort()
  await Promise.all(waits)
  t.pass('no timer is left either: the process ends')
})
