/**
 * I4: what is claimed of gets, mode by mode. Where no fallback counted (each reply says its own)
 * or the call was strict, and the quorums of both overlap, a get returns every put that was
 * acknowledged before it began, or what superseded it, whoever asks; and with blocking read
 * repair it returns what an earlier get returned. A delete is a write like any other here: its
 * tombstone is shown.
 */
import { type Call, isAmong, mayBeAccountedBy } from '../history.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { Promised } from './promised.ts'

export const claimsChecker: MakeChecker = (scene): Checker => {
  const promised = new Promised(scene)
  return {
    name: 'I4',
    onNotice: notice => {
      if (notice.type === 'destroyed') promised.weaken(notice)
      else if (notice.type === 'settled') {
        const { call } = notice
        // What it promises itself binds those that begin later.
        if (promised.settled(call) && call.kind === 'get') check(scene, promised, call)
      }
    },
  }
}

function check(scene: Scene, promised: Promised, { key, at, needed, shown, client }: Call): void {
  const accounted = mayBeAccountedBy(shown)
  const missed = promised.of(key, at, needed).find(({ write }) => {
    return !isAmong(accounted, write) && !scene.history.isReaped(write)
  })
  if (missed === undefined) return
  const names = shown.map(write => write.id).join(', ')
  const when = ((at - missed.at) / 1000).toFixed(1)
  const story = `${client} was shown {${names}} and not ${missed.write.id}, nor what superseded it; ${missed.story} ${when} ms before`
  scene.fail('I4', key, story)
}
