/** `kill -9` under load with a small count, and the judge of it against histories known to be bad. */
import t from 'tap'
import { judge, type Write } from '../soak/history.ts'
import { soakKill9 } from '../soak/kill9.ts'

t.setTimeout(600_000)

function write(value: string, saw: string[] = [], ended: Write['ended'] = 'acknowledged'): Write {
  return { value, key: 'k', saw, ended }
}

t.test('the judge: values, siblings and ancestors are there; everything else is found', async t => {
  const live = (...values: string[]) => new Map([['k', values]])
  const good = { lost: [], cameBack: [], impossible: [] }
  t.match(judge([write('a')], live('a')), { ...good, live: 1, replaced: 0 })
  t.match(judge([write('a'), write('b')], live('b', 'a')), good, 'siblings')
  const chain = [write('a'), write('b', ['a'], 'unsure'), write('c', ['b'])]
  t.match(judge(chain, live('c')), { ...good, replaced: 2 }, 'an ancestor through an unsure one')
  t.match(judge([write('a', [], 'unsure')], live()), good, 'nobody was told that it is there')

  t.match(judge([write('a')], live()), { lost: ['a'] })
  t.match(judge([write('a')], new Map()), { lost: ['a'] })
  t.match(judge([write('a'), write('b')], live('b')), { lost: ['a'] }, 'a sibling is gone')
  const blind = [write('a'), write('b', ['a'], 'unsure'), write('c')]
  t.match(judge(blind, live('c')), { lost: ['a'] }, 'what had replaced it is not there either')
  t.match(judge(chain, live('c', 'a')), { cameBack: ['a'] })
  t.match(judge([write('a', [], 'failed')], live('a')), { impossible: ['a'] })
  t.match(judge([write('a')], live('a', 'z')), { impossible: ['z'] })
  t.match(judge([write('a')], new Map([['other', ['a']]])), { lost: ['a'], impossible: ['a'] })
})

t.test('5 kill -9 of random nodes under load: every acknowledged write is there', async t => {
  const progress = (line: string) => t.comment(line)
  const report = await soakKill9({ kills: 5, clients: 3, inFlight: 4, keys: 50, progress })
  t.match(report, { lost: [], cameBack: [], impossible: [], wrongBlocks: [] })
  t.ok(report.marked > 0, `${report.marked} blocks were marked`)
  t.ok(report.acknowledged > 100, `${report.acknowledged} writes`)
  t.ok(report.replaced > 0 && report.live > 50, 'values, siblings and ancestors')
})
