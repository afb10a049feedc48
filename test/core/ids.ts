import t from 'tap'
import { after, type Instant, keyOf, nameOf, nodeIdOf } from '../../src/core/ids.ts'

t.test('names of nodes and clusters', async t => {
  for (const name of ['n1', 'a', '0-a', 'x'.repeat(32)]) t.equal(nameOf(name), name)
  const bad = ['', 'N1', '-a', 'a_b', '../x', 'a/b', 'a\0', 'x'.repeat(33), 'con', 'nul', 'com1']
  for (const name of bad) t.equal(nameOf(name), undefined, JSON.stringify(name))
  t.equal(nodeIdOf('n1'), 'n1')
  t.equal(nodeIdOf('é'), undefined)
})

t.test('keys are 1 to 1,024 bytes', async t => {
  t.equal(keyOf(''), undefined)
  t.equal(keyOf('\0'), '\0')
  t.equal(keyOf('k'.repeat(1024))?.length, 1024)
  t.equal(keyOf('k'.repeat(1025)), undefined)
})

t.test('instants', async t => {
  t.equal(after(5 as Instant, 10), 15)
})
