import t from 'tap'
import { fractionOf, readNote, readWarning, shownAcks, writeNote } from '../../src/cli/shown.js'
import type { NodeId, Token } from '../../src/core/ids.ts'
import { nothingDone } from '../../src/core/outcome.ts'

const ids = (...names: string[]) => names as NodeId[]
const outcome = nothingDone(2)

t.test('a write: who acked, and who stood in for whom', async t => {
  const plain = { ...outcome, primaryAcks: ids('n1', 'n3') }
  t.equal(shownAcks(plain), '2 acks (n1 n3)')
  t.equal(writeNote(plain), undefined)
  const one = { ...outcome, primaryAcks: ids('n1'), fallbackAcks: ids('n4'), hinted: ids('n2') }
  t.equal(shownAcks(one), '2 acks (n1 n4)')
  t.equal(writeNote(one), 'written to n1, n4 (for n2); n2 will get it when it is back')
  const all = { ...outcome, fallbackAcks: ids('n4', 'n5'), hinted: ids('n2', 'n3') }
  t.equal(writeNote(all), 'written to n4, n5 (for n2, n3); n2, n3 will get it when they are back')
  t.equal(
    writeNote({ ...plain, hinted: ids('n2') }),
    'written to n1, n3; n2 will get it when it is back',
  )
  t.equal(writeNote({ ...plain, fallbackAcks: ids('n4') }), 'written to n1, n3, n4 (standing in)')
})

t.test('a read: who stood in, and what it could not promise', async t => {
  t.equal(readNote({ ...outcome, primaryAcks: ids('n1') }), undefined)
  const note = readNote({ ...outcome, primaryAcks: ids('n1'), fallbackAcks: ids('n4') })
  t.match(note, /^answered by n1, n4 \(standing in\)/)
  t.equal(readWarning('k', outcome), undefined)
  t.match(readWarning('k', { ...outcome, unrepaired: true }), /^k: too few owners/)
})

t.test('a token is a place between 0 and 1', async t => {
  t.equal(fractionOf('\0\0\0\0\0\0\0\0' as Token), 0)
  t.equal(fractionOf('\x80\0\0\0\0\0\0\0' as Token), 0.5)
  t.ok(fractionOf('\xff'.repeat(8) as Token) < 1)
})
