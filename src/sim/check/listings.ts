/**
 * I18: what is claimed of a listing that was not short of a quorum. It has each key of which a
 * put was promised (`promised.ts`) before the listing began, unless a delete has seen that put; and
 * it has no key of which each put that may have taken effect was seen by a delete that was
 * promised before the listing began. Left out: keys of which one operation has two dots, and
 * worlds whose vectors are cut short, for settled siblings may be shown again there. Once all has
 * healed a listing succeeds.
 */
import type { Key } from '../../core/ids.ts'
import { isBefore, type Write } from '../history.ts'
import type { Listed } from '../lister.ts'
import type { Checker, MakeChecker, Scene } from './checker.ts'
import { Promised } from './promised.ts'

export const listingsChecker: MakeChecker = (scene): Checker => {
  const promised = new Promised(scene)
  return {
    name: 'I18',
    onNotice: notice => {
      if (notice.type === 'destroyed') promised.weaken(notice)
      else if (notice.type === 'settled') promised.settled(notice.call)
      else if (notice.type === 'listed') check(scene, promised, notice.listed)
    },
  }
}

function check(scene: Scene, promised: Promised, listed: Listed): void {
  const { failure, phase, client, missing } = listed
  if (failure !== undefined) {
    const { code, message } = failure
    if (phase === 'after')
      scene.fail('I18', undefined, `a listing of ${client}: ${code} ${message}`)
    return
  }
  if (missing || scene.context.prunes) return
  for (const key of promised.keys) checkKey(scene, promised, listed, key)
}

function checkKey(scene: Scene, promised: Promised, listed: Listed, key: Key): void {
  const { at, client } = listed
  const known = promised.of(key, at, scene.context.settings.readQuorum).map(({ write }) => write)
  const writes = scene.history.writes.get(key) ?? []
  const deletes = known.filter(write => write.deletes)
  const isThere = listed.keys.has(key)
  const put = known.find(write => !write.deletes && !isDeleted(write, writes))
  if (put !== undefined && !isThere) {
    scene.fail(
      'I18',
      key,
      `${client} listed all keys and not this one, of which ${put.id} was acknowledged before`,
    )
  }
  const puts = writes.filter(({ deletes, refused, op }) => !deletes && !refused && op !== undefined)
  const twice = writes.some(({ dots }) => dots > 1)
  if (!isThere || twice || deletes.length === 0 || !puts.every(one => isDeleted(one, deletes)))
    return
  const names = deletes.map(write => write.id).join(', ')
  scene.fail('I18', key, `${client} listed a key whose deletes (${names}) were acknowledged before`)
}

/** Has a delete of these seen it? */
function isDeleted(write: Write, by: readonly Write[]): boolean {
  return by.some(one => one.deletes && isBefore(write, one))
}
