import t from 'tap'
import { encodeObject } from '../../../src/core/causality/object.ts'
import { noSiblings } from '../../../src/core/causality/siblings.ts'
import { readCopy, take } from '../../../src/core/entropy/taken.ts'
import type { Key, Token } from '../../../src/core/ids.ts'
import { putOn, Side } from '../../helpers/exchange-pair.ts'

t.test(
  'a copy is merged into what is held now; what is not its place, or spoilt, is not',
  async t => {
    const side = new Side('n1')
    side.start()
    const key = 'k' as Key
    const token = side.placement.tokenOf(key)
    const theirs = putOn(noSiblings, 'a', 'theirs')
    const copy = { key, token, object: encodeObject(theirs), generation: 0, time: 0 }
    const yes = () => true
    t.equal(
      readCopy(side.parts, copy, () => false),
      undefined,
    )
    t.equal(readCopy(side.parts, { ...copy, token: 'elsewhe.' as Token }, yes), undefined)
    t.equal(readCopy(side.parts, { ...copy, object: Uint8Array.of(9) }, yes), undefined)
    side.flush()
    t.equal(side.objects.durable(token, key), undefined)
    side.write('k', putOn(noSiblings, 'b', 'ours'))
    const read = readCopy(side.parts, copy, yes)
    t.same(read, theirs)
    t.equal(take(side.parts, copy, theirs), true)
    side.flush()
    const held = side.objects.durable(token, key)
    t.equal(typeof held === 'object' && held.siblings.versions.length, 2)
  },
)
