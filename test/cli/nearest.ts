import t from 'tap'
import { nearest } from '../../src/cli/nearest.js'

t.test('finds what was meant, and only that', async t => {
  const names = ['put', 'get', 'del', 'keys', 'cluster', 'cluster up', 'cluster down']
  t.equal(nearest('clsuter up', names), 'cluster up')
  t.equal(nearest('pt', names), 'put')
  t.equal(nearest('gte', names), 'get')
  t.equal(nearest('xyzzy', names), undefined)
  t.equal(nearest('x'.repeat(100_000), names), undefined)
})
