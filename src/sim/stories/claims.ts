/** What may be claimed (design §4): each row of the table, with the promise that is not made. */
import type { Stage } from './stage.ts'
import type { Story } from './story.ts'

export const claimStrict = {
  name: 'claim-strict',
  summary: 'strict: a get returns every acknowledged put, and later gets never less',
  tell: (stage: Stage) => tellWhole(stage, true),
} satisfies Story

export const claimSloppyWhole = {
  name: 'claim-sloppy-whole',
  summary: 'sloppy, and no fallback took part in the put nor in the get: the same as strict',
  tell: (stage: Stage) => tellWhole(stage, false),
} satisfies Story

function tellWhole(stage: Stage, strict: boolean) {
  const how = strict ? { strict } : {}
  const { world } = stage
  stage.wrote('Alice', 'milk', 'A', how)
  stage.slowDisk('C', 300)
  const wrote = stage.wrote('Alice', 'bread', 'A', how)
  stage.claim('C does not have it yet.', !world.holds('C', 'bread'))
  const got = stage.got('Bob', 'C', how)
  stage.claim('So a put that was acknowledged is returned, whoever is asked.', isIn('bread', got))
  if (!strict) {
    stage.claim(
      'It is promised, since neither reply names a fallback.',
      wrote.fallbacks === '' && got.fallbacks === '',
    )
  }
  stage.world.pass(400)
  stage.say('Now a put that nobody acknowledges:')
  const half = stage.half('Alice', 'eggs', 'A', how)
  const first = stage.got('Bob', 'A', how)
  const { rows } = world.atReply
  const whoHad = [...rows].filter(([, text]) => text === rows.get('A')).map(([letter]) => letter)
  stage.claim(
    `When the reply left, ${whoHad.join(' and ')} had it on their disks: what was shown stays shown.`,
    whoHad.join('') === 'AB',
  )
  stage.wipe('A')
  const later = stage.got('Bob', 'C', how)
  stage.claim(
    'A later get returns no less, though the one disk that had it at first is lost.',
    isIn('eggs', later) && later.fallbacks === '',
  )
  return { wrote, got, half, first, whoHad: whoHad.join(''), later }
}

export const claimSloppyFallback = {
  name: 'claim-sloppy-fallback',
  summary: 'sloppy, and a fallback took part: durable as the acks said, visible once handed over',
  tell(stage: Stage) {
    stage.wrote('Alice', 'milk', 'A')
    stage.got('Bob', 'A')
    stage.partition('BC', 'ADE')
    const wrote = stage.wrote('Bob', 'bread', 'A')
    const apart = stage.look()
    const missed = stage.got('Carol', 'B')
    stage.claim(
      'Not promised: no fallback took part in this get, but one did in the put, and the get misses it.',
      wrote.fallbacks === 'D' && missed.fallbacks === '' && !isIn('bread', missed),
    )
    stage.wipe('A')
    stage.say('Two disks acknowledged it, and one of them is lost.')
    stage.heal()
    stage.handOver()
    const after = stage.look()
    const got = stage.got('Carol', 'B')
    stage.claim('Promised: it is not lost, and the owners show it now.', isIn('bread', got))
    return { wrote, apart, missed, after, got }
  },
} satisfies Story

export const claimEventual = {
  name: 'claim-eventual',
  summary: 'read repair off, or R + W <= N: a get may return less than an earlier one',
  tell(stage: Stage) {
    stage.wrote('Alice', 'milk', 'A')
    stage.say('First, read repair is off.')
    const half = stage.half('Alice', 'bread', 'A')
    const shown = stage.got('Bob', 'A', { repair: 'off' })
    stage.stop('A')
    const less = stage.got('Bob', 'B', { repair: 'off' })
    stage.claim(
      'Not promised: Bob is shown less than he was shown before.',
      isIn('bread', shown) && !isIn('bread', less),
    )
    stage.start('A')
    stage.say('Second, R + W <= N: one answer and one ack.')
    stage.slowDisk('B', 300)
    stage.got('Alice', 'A')
    stage.look()
    const wrote = stage.wrote('Alice', 'eggs', 'A', { w: 1 })
    const one = stage.got('Bob', 'A', { r: 1 })
    const other = stage.got('Bob', 'B', { r: 1 })
    stage.claim(
      'Not promised: acknowledged, shown once, and then missed.',
      isIn('eggs', one) && !isIn('eggs', other),
    )
    stage.world.pass(400)
    const after = stage.look()
    return { half, shown, less, wrote, one, other, after }
  },
} satisfies Story

function isIn(value: string, { values }: { readonly values: readonly string[] }): boolean {
  return values.includes(value)
}
