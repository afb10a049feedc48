/** I2, at every answer: no get shows a write beside one whose writer had seen it. */
import { isBefore } from '../history.ts'
import type { Checker, MakeChecker } from './checker.ts'

export const siblingsChecker: MakeChecker = (scene): Checker => ({
  name: 'I2',
  onNotice: notice => {
    if (notice.type !== 'settled' || notice.call.shown.length < 2) return
    if (scene.context.prunes) return
    const { shown, key, client, result } = notice.call
    const reply = result?.type === 'done' ? result.reply : undefined
    const versions = reply?.type === 'got' ? reply.versions : []
    for (const earlier of shown) {
      const later = shown.find(other => isBefore(earlier, other))
      if (later === undefined || scene.mayReturn(earlier, { later, versions })) continue
      const story = `${client} was shown ${earlier.id} beside ${later.id}, whose writer had seen it`
      return scene.fail('I2', key, story)
    }
  },
})
