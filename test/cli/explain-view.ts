import t from 'tap'
import { explainDocument, explainLines } from '../../src/cli/explain-view.js'
import { explainedOf } from '../helpers/explained.ts'

const read = explainedOf(
  '0 n4 asked-full',
  '120 n5 asked-digest',
  '131 n1 asked-digest',
  '400 n4 full',
  '1900 n5 digest 3f2a',
  '2005 n1 digest 77b0',
  '2100 n1 repair',
  '3900 n1 repaired',
)

t.test('a get: who was asked, when each answered, what was repaired', async t => {
  t.same(explainLines(read, 'cart:7', { unicode: true, columns: 60 }), [
    'cart:7  hash 9f3a11c200000000  token 62.2%  partition 159',
    '  preference: n4, n5, n1   fallbacks: n2, n3   coordinator: n4',
    '  0.00ms  n4  asked for the object  ·',
    '  0.12ms  n5  asked for a digest    ·',
    '  0.13ms  n1  asked for a digest    ·',
    '  0.40ms  n4  has the object        ███',
    '  1.90ms  n5  has digest 3f2a       ████████████',
    '  2.00ms  n1  has digest 77b0       ████████████',
    '  2.10ms  n1  sent a repair                     ·',
    '  3.90ms  n1  repaired                          ███████████',
  ])
})

t.test('a put: a hint for who does not answer, in ASCII', async t => {
  const written = explainedOf(
    '0 n4 sent',
    '100 n5 sent',
    '100 n1 sent',
    '900 n4 stored',
    '1500 n1 lost',
    '1500 n2 sent-hint n1',
    '2000 n2 hinted n1',
  )
  const lines = explainLines(written, 'k', { unicode: false, columns: 70 })
  t.same(lines.slice(2), [
    '  0.00ms  n4  sent the object                 .',
    '  0.10ms  n5  sent the object, no answer yet   ----------------------',
    '  0.10ms  n1  sent the object                  .',
    '  0.90ms  n4  stored it                       ###########',
    '  1.50ms  n1  no answer                        #################',
    '  1.50ms  n2  sent a hint for n1                               .',
    '  2.00ms  n2  keeps the hint for n1                            ######',
  ])
  t.match(lines.join(''), /^[ -~]*$/)
})

t.test('an answer belongs to the oldest question of its node that it fits', async t => {
  const lines = (...steps: string[]) =>
    explainLines(explainedOf(...steps), 'k', { unicode: false, columns: 80 }).slice(2)
  const twice = lines('0 n1 asked-digest', '50 n1 hedged', '100 n1 full', '100 n1 digest aa')
  t.match(twice[2], /has the object {33}#+$/, 'the whole object answers the second question')
  t.match(twice[3], /has digest aa {17}#+$/)
  t.match(lines('0 n1 sent', '100 n2 stored')[1], /stored it +#$/, 'nobody asked it: a moment')
  t.match(lines('90 n1 lost', '0 n1 repair')[0], /sent a repair/, 'in the order of time')
})

t.test('lines fit the terminal; without room there are no bars', async t => {
  for (const columns of [60, 80, 100, 400]) {
    const lines = explainLines(read, 'k', { unicode: true, columns }).slice(2)
    t.ok(Math.max(...lines.map(line => line.length)) <= Math.min(columns - 1, 96), `${columns}`)
  }
  const narrow = explainLines(read, 'k', { unicode: true, columns: 40 })
  t.notMatch(narrow.join(''), /[█░]/)
  t.equal(narrow.length, 10)
})

t.test('nothing acts on a terminal, and no steps are no lines', async t => {
  const evil = explainedOf('0 n1 digest \x1b[2J')
  t.match(explainLines(evil, 'k', { unicode: true, columns: 80 })[2], /has digest \\e\[2J/)
  t.equal(explainLines(explainedOf(), 'k', { unicode: true, columns: 80 }).length, 2)
  t.match(explainLines({ ...read, fallbacks: [] }, 'k', { unicode: true, columns: 80 })[1], 'none')
})

t.test('the document', async t => {
  t.match(explainDocument(read), {
    coordinator: 'n4',
    hash: '9f3a11c200000000',
    partition: 159,
    preference: ['n4', 'n5', 'n1'],
    fallbacks: ['n2', 'n3'],
    steps: [{ atMicros: 0, node: 'n4', what: 'asked-full' }],
  })
  const { steps } = explainDocument(read)
  t.notOk('detail' in steps[0]!)
  t.match(steps[4], { what: 'digest', detail: '3f2a' })
})
