import t from 'tap'
import type { NodeId } from '../../../src/core/ids.ts'
import { accusersNeeded, accusersOf } from '../../../src/core/membership/convictions.ts'
import { stateOf } from '../../helpers/member-states.ts'

const anyone = () => true
const accusing = (id: string, incarnation: number) =>
  stateOf(id, { accusations: [{ node: 'n3' as NodeId, incarnation }] })

t.test('two accusers, or the only other one', async t => {
  t.same([1, 2, 3, 5, 1000].map(accusersNeeded), [1, 1, 2, 2, 2])
})

t.test('accusations of the present incarnation or a later one count', async t => {
  const states = [accusing('n1', 4), accusing('n2', 5), accusing('n4', 6)]
  const accusers = accusersOf([...states, stateOf('n3', { incarnation: 5 })], anyone)
  t.same(accusers.get('n3' as NodeId), ['n2', 'n4'])
  const refuted = accusersOf([...states, stateOf('n3', { incarnation: 7 })], anyone)
  t.equal(refuted.size, 0)
})

t.test('of a member that nobody has heard yet they count as they are', async t => {
  t.same(accusersOf([accusing('n1', 0)], anyone).get('n3' as NodeId), ['n1'])
})

t.test('who does not count is no witness', async t => {
  const states = [accusing('n1', 1), accusing('n2', 1), stateOf('n3')]
  t.same(accusersOf(states, id => id !== 'n1').get('n3' as NodeId), ['n2'])
})
