import t from 'tap'
import { tooLargeLine } from '../../src/cli/too-large-view.js'

t.test('who holds keys that are too large to be sent', async t => {
  const of = (node: string, count: number) => ({
    node,
    counters: new Map([['keysTooLarge', count]]),
  })
  t.equal(tooLargeLine([of('n1', 0), { node: 'n2', counters: new Map() }]), undefined)
  t.equal(
    tooLargeLine([of('n1', 1), of('n2', 0), of('n3', 2)]),
    'too large to be sent to other nodes, so never repaired: n1 (1 key), n3 (2 keys); the logs name them',
  )
})
