import t from 'tap'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { lowBits, shortEpoch } from '../../../src/core/entropy/clocks.ts'
import { Responder } from '../../../src/core/entropy/responder.ts'
import type { Key, NodeId } from '../../../src/core/ids.ts'
import { putOn, Side } from '../../helpers/exchange-pair.ts'

const wall = 1_800_000_000_000
const from = 'n2' as NodeId
const nothing = new Uint8Array(0)

function start() {
  const side = new Side('n1')
  side.start()
  side.write('k', putOn(noSiblings, 'a', 'one'))
  side.flush()
  const asked = {
    id: 1,
    epoch: shortEpoch(side.placement.epoch),
    cut: lowBits(wall - 5000),
    age: 5000,
  }
  return {
    responder: new Responder(side.parts),
    clocks: { now: side.now, wall, settled: true },
    asked,
  }
}

t.test('another view, or a process that has just begun, compares nothing', async t => {
  const { responder, clocks, asked } = start()
  const root = { type: 'compare', level: 0, sum: '', nodes: nothing, ...asked } as const
  t.equal(responder.compare(from, { ...root, epoch: 1 }, clocks, 0).state, 'stale-view')
  t.match(responder.compare(from, root, { ...clocks, settled: false }, 3), {
    state: 'not-ready',
    foreground: 3,
    entries: nothing,
  })
  t.match(responder.compare(from, root, clocks, 0), { state: 'ok', wall: lowBits(wall) })
})

t.test('what cannot be read, or is not shared, is answered with nothing', async t => {
  const { responder, clocks, asked } = start()
  const nodes = {
    type: 'compare',
    level: 4,
    sum: '',
    nodes: Uint8Array.of(200, 1),
    ...asked,
  } as const
  t.equal(responder.compare(from, nodes, clocks, 0).entries.length, 0)
  const differ = {
    type: 'differ',
    level: 4,
    held: [{ key: 'k' as Key, known: nothing }],
    wanted: nothing,
    ...asked,
  } as const
  t.match(responder.differ(from, differ, clocks, 0), { copies: [], wants: [], heldDone: 1 })
  t.match(responder.differ('n9' as NodeId, differ, clocks, 0), { copies: [], heldDone: 1 })
})
