/**
 * I17: what is read is what was written, byte for byte, and what is sent between sound nodes is
 * what arrives: no frame of theirs is ever malformed.
 */
import type { Checker, MakeChecker } from './checker.ts'

export const valuesChecker: MakeChecker = (scene): Checker => ({
  name: 'I17',
  onNotice: notice => {
    if (notice.type === 'malformed') {
      const { at, from, reason } = notice
      return scene.fail('I17', undefined, `${at} cannot read what ${from} sent: ${reason}`)
    }
    if (notice.type !== 'settled' || notice.call.result?.type !== 'done') return
    const { key, client, result } = notice.call
    if (result.reply.type !== 'got') return
    for (const { op, value } of result.reply.versions) {
      const write = scene.history.ofOp(op)
      if (write === undefined || write.key !== key) {
        scene.fail('I17', key, `${client} was shown a version that nobody wrote to ${key}`)
      } else if (write.deletes !== (value === undefined)) {
        scene.fail('I17', key, `${client} was shown a value where ${write.id} deleted, or none`)
      } else if (value !== undefined && scene.history.ofValue(value) !== write) {
        scene.fail('I17', key, `${client} read ${write.id}, and its bytes are not those written`)
      }
    }
  },
})
