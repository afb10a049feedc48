/** Promises that are not made, each shown happening (design §4; protocols, "What may be claimed"). */
import { assert } from '../../core/assert.ts'
import { letters } from './cast.ts'
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const noReadYourWrites = {
  name: 'no-read-your-writes',
  summary: 'not promised: who wrote through a fallback may not read it back at the owners',
  tell(stage: Stage) {
    stage.stop('A', 'B')
    const wrote = stage.wrote('Alice', 'milk', 'C')
    stage.look()
    stage.stop('C', 'D', 'E')
    stage.start('A', 'B')
    const missed = stage.got('Alice', 'A')
    stage.claim(
      'Not promised: Alice does not read her own write. Its reply named a fallback.',
      wrote.fallbacks === 'D' && missed.values.length === 0,
    )
    stage.start('C', 'D', 'E')
    stage.handOver()
    const got = stage.got('Alice', 'A')
    const after = stage.look()
    return { wrote, missed, got, after }
  },
} satisfies Story

export const lateEffect = {
  name: 'late-effect',
  summary: 'not promised: a put that ended unknown may take effect after a get that missed it',
  tell(stage: Stage) {
    stage.wrote('Alice', 'milk', 'A')
    stage.silence('A')
    const unknown = stage.put('Alice', 'bread', 'A', { timeoutMs: 1000 })
    const before = stage.got('Bob', 'B')
    const apart = stage.look()
    stage.heal(true)
    stage.handOver()
    const after = stage.got('Bob', 'B')
    stage.claim(
      'Not promised: the put that "may have happened" had not, as far as Bob saw, and then did.',
      !before.values.includes('bread') && after.values.includes('bread'),
    )
    return { unknown, before, apart, after }
  },
} satisfies Story

export const lostDisk = {
  name: 'lost-disk',
  summary: 'not promised: a write survives no more lost disks than its acks say',
  tell(stage: Stage) {
    const safe = stage.wrote('Alice', 'milk', 'A')
    stage.silence('A')
    const wrote = stage.wrote('Alice', 'bread', 'A', { w: 1 })
    const before = stage.look()
    stage.wipe('A')
    stage.heal(true)
    stage.start('A')
    const got = stage.got('Bob', 'A')
    const after = stage.look()
    stage.claim(
      'Not promised: one disk acknowledged "bread", that disk is lost, and so is "bread".',
      letters.every(letter => !stage.world.holds(letter, 'bread')),
    )
    return { safe, wrote, before, got, after }
  },
} satisfies Story

export const retryExpired = {
  name: 'retry-expired',
  summary: 'not promised: a retry older than the 8 operations that a record keeps stays unknown',
  tell(stage: Stage) {
    stage.got('Alice', 'A')
    const milk = unheard(stage, 'milk')
    const written = stage.look()
    overwrite(stage, 1, 8)
    const expired = milk.again()
    stage.say('A keeps the 8 newest operations of the key: it cannot know whether it had this one.')
    const after = stage.look()
    const eggs = unheard(stage, 'eggs')
    overwrite(stage, 9, 9)
    const known = eggs.again()
    overwrite(stage, 10, 17)
    const pinned = eggs.again()
    stage.say('An operation that was sent twice in time stays known, however many are newer.')
    return { unknown: milk.unknown, written, expired, after, known, pinned }
  },
} satisfies Story

/** Alice puts something through A and does not hear how it ended; `again` sends the same once more. */
function unheard(stage: Stage, value: string) {
  stage.world.deafen('Alice', 'A')
  stage.say("A's answers do not reach Alice.")
  const attempt = stage.begin('Alice', value, 'A', { timeoutMs: 500 })
  const unknown = stage.end(attempt)
  const { op } = attempt.pending
  assert(op !== undefined, 'it was sent')
  stage.heal()
  // Her connection is made anew.
  stage.world.pass(1000)
  const same = { op, context: attempt.context }
  const again = () => stage.end(stage.begin('Alice', value, 'A', {}, same), 'sends again')
  return { unknown, again }
}

/** Bob reads it and overwrites it, with `list 1` and so on. */
function overwrite(stage: Stage, from: number, to: number): void {
  const times = from === to ? '' : ` ${to - from + 1} times`
  stage.inShort(
    ({ vector, values }) => `Bob reads it and overwrites it${times}: "${values[0]}" ${vector}.`,
    () => {
      for (let i = from; i <= to; i++) {
        stage.got('Bob', 'A')
        stage.wrote('Bob', `list ${i}`, 'A')
        stage.world.pass(10)
      }
      return stage.got('Bob', 'A')
    },
  )
}

export const prunedSibling = {
  name: 'pruned-sibling',
  summary: 'not promised: past its limit a vector forgets, and a settled sibling is shown again',
  settings: { vectorEntries: 1 },
  tell(stage: Stage) {
    stage.say('Vectors are cut to 1 entry here, where 50 are usual.')
    stage.wrote('Alice', 'beer', 'C')
    stage.wrote('Bob', 'wine', 'A', { blind: true })
    const siblings = stage.look()
    stage.stop('C')
    stage.got('Bob', 'A')
    stage.wrote('Bob', 'beer and wine', 'A')
    const settled = stage.look()
    overwrite(stage, 1, 8)
    stage.wrote('Bob', 'water', 'B')
    const forgot = stage.look()
    stage.claim(
      'A and B have forgotten {C,1}, which says that "beer" was settled; D\'s hint still says so.',
      ['A', 'B', 'D'].filter(one => forgot[one as 'A'].includes('{C,1}')).join('') === 'D',
    )
    stage.wipe('D')
    stage.start('C')
    const after = stage.look()
    const got = stage.got('Bob', 'C')
    stage.claim(
      'Not promised: "beer" was settled, and is back beside the newest value. Nothing is lost.',
      got.values.join() === 'beer,water',
    )
    stage.wrote('Bob', 'tea', 'A')
    return { siblings, settled, forgot, after, got, end: stage.look() }
  },
} satisfies Story
