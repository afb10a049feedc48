/**
 * I9: whatever bytes a stranger sends, and whatever becomes of a member's frame on the way,
 * nothing throws, no state changes, and what is held of it is bounded. The hostile fault brings
 * the bytes (`hostile.ts`); what any node throws for any reason is seen here, too.
 */
import type { Checker, MakeChecker } from './checker.ts'

export const hostileChecker: MakeChecker = (scene): Checker => ({
  name: 'I9',
  onNotice: notice => {
    if (notice.type !== 'threw') return
    const text = notice.error instanceof Error ? notice.error.message : String(notice.error)
    scene.fail('I9', undefined, `${notice.where} threw: ${text}`)
  },
})
