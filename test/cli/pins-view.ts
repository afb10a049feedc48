import t from 'tap'
import { pinsLine } from '../../src/cli/pins-view.js'

t.test('whom pins wait for, each partition once, and what that costs', async t => {
  const one = { pins: 3, 'pinsWaitFor.n3': 2 }
  const maps = (...all: { [name: string]: number }[]) =>
    all.map(one => new Map(Object.entries(one)))
  t.equal(pinsLine(maps({ pins: 3 }, {})), undefined)
  t.equal(
    pinsLine(maps(one, { ...one, pins: 5 }, { 'pinsWaitFor.n4': 1 })),
    '5 pins or more wait for n3 (2 partitions), n4 (1 partition)',
  )
  t.equal(
    pinsLine(maps({ ...one, pins: 256, pinsFullKeys: 1 })),
    '256 pins or more wait for n3 (2 partitions); 1 key can take no more, so retries of puts there may end unknown',
  )
})
