import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import type { PeerMessage } from '../../../src/core/message.ts'
import type { Input } from '../../../src/core/step.ts'
import { droppedChecker } from '../../../src/sim/check/dropped.ts'
import { n1, n2, n3, TestScene } from '../../helpers/scene.ts'

const ping: PeerMessage = { type: 'ping', id: 1 }
const held = {
  type: 'held',
  id: 7,
  whole: true,
  generation: 0,
  digest: 'd',
  object: new Uint8Array(9),
  refused: undefined,
} as const

class Wire extends TestScene {
  constructor() {
    super(droppedChecker)
  }

  queued(message: PeerMessage, to: NodeId = n2): void {
    this.checker.onNotice?.({ type: 'queued', node: n1, to, message })
  }

  input(input: Input): void {
    this.checker.onNotice?.({ type: 'input', node: n1, input })
  }

  turn(): void {
    this.input({ type: 'turn' })
  }
}

t.test('what is queued, or comes back, was not dropped; all else was', async t => {
  const wire = new Wire()
  wire.sends(n1, n2, ping)
  wire.queued(ping)
  wire.turn()
  const other = { ...ping }
  wire.sends(n1, n2, other)
  wire.input({ type: 'disk', space: {} as never })
  wire.input({ type: 'unsent', to: n2, message: other, why: 'gone' })
  wire.turn()
  t.same(wire.failures, [])
  wire.sends(n1, n2, { ...ping })
  wire.turn()
  t.same(wire.failures, ['I20: a ping of n1 for n2 was dropped in silence'])
})

t.test('each copy of a message for several nodes counts for itself', async t => {
  const wire = new Wire()
  const both = () => {
    wire.sends(n1, n2, ping)
    wire.sends(n1, n3, ping)
  }
  both()
  wire.queued(ping, n3)
  wire.input({ type: 'unsent', to: n2, message: ping, why: 'behind' })
  wire.turn()
  t.same(wire.failures, [])
  both()
  wire.queued(ping, n2)
  wire.turn()
  both()
  wire.input({ type: 'unsent', to: n3, message: ping, why: 'gone' })
  wire.turn()
  t.same(wire.failures, [
    'I20: a ping of n1 for n3 was dropped in silence',
    'I20: a ping of n1 for n2 was dropped in silence',
  ])
})

t.test('in place of a reply that is too large goes a smaller one, in the same turn', async t => {
  const wire = new Wire()
  const refuses = () => {
    wire.sends(n1, n2, held)
    wire.input({ type: 'unsent', to: n2, message: held, why: 'too-large' })
  }
  refuses()
  const less = { ...held, object: undefined }
  wire.sends(n1, n2, less)
  wire.queued(less)
  wire.turn()
  t.same(wire.failures, [])
  refuses()
  wire.turn()
  t.match(wire.failures, [/n1 said nothing in place of the held for n2/])
})

t.test('who has a proved connection is told that it is gone', async t => {
  const wire = new Wire()
  const proved = (link: number) => {
    wire.checker.onNotice?.({ type: 'link-proved', link, node: n1, to: n2 })
    wire.input({ type: 'connected', node: n2 })
  }
  proved(1)
  wire.checker.onNotice?.({ type: 'link-over', link: 1 })
  wire.input({ type: 'disconnected', node: n2 })
  proved(2)
  wire.checker.atRest?.()
  t.same(wire.failures, [])
  wire.checker.onNotice?.({ type: 'link-over', link: 2 })
  wire.checker.atRest?.()
  t.match(wire.failures, [/n1 n2: the connection is gone/])
})
