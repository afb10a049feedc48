/** Later writes of a key by one client, each of which has seen the one before; then it reads. */
import type { Key } from '../core/ids.ts'
import { plainly, type Worker } from './worker.ts'

/** Ends early if a read does not succeed. `deletes`: the last one is a delete. */
export function overwrite(
  worker: Worker,
  key: Key,
  writes: { readonly left: number; readonly deletes: boolean },
  then: () => void = () => {},
): void {
  const { left, deletes } = writes
  const asked = plainly('faults', 2000, undefined)
  if (left === 0) return worker.get(key, asked, then, then)
  const goOn = () => {
    const known = worker.newest(key)
    const write = worker.newWrite(key, deletes && left === 1, known)
    worker.put(write, known, asked, false, () =>
      overwrite(worker, key, { left: left - 1, deletes }, then),
    )
  }
  worker.get(key, asked, goOn, then)
}
