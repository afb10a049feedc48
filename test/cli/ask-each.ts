import t from 'tap'
import { askEach, isSilence } from '../../src/cli/ask-each.js'
import { refusal } from '../../src/client/errors.js'

t.test('answers in the order of the nodes, and who is silent', async t => {
  const codes = { n2: 'UNREACHABLE', n4: 'TIMEOUT', n5: 'BUSY' } as const
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'] as const
  const round = await askEach(nodes, async node => {
    if (node in codes) throw refusal(codes[node as keyof typeof codes], 'away')
    return node.toUpperCase()
  })
  t.same(round, { answers: ['N1', 'N3'], silent: ['n2', 'n4', 'n5'] })
  t.same(await askEach([], async () => 1), { answers: [], silent: [] })
})

t.test('what is wrong with an answer is no silence', async t => {
  const denied = refusal('DENIED', 'no')
  await t.rejects(
    askEach(['n1'], () => Promise.reject(denied)),
    { code: 'DENIED' },
  )
  t.notOk(isSilence(denied) || isSilence(undefined) || isSilence(new Error('other')))
})
