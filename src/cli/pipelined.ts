/**
 * Work on many things at once, with a bound on how many are under way and results in the order
 * of the things. The first failure ends it, after what was begun has ended.
 */

/** `work` on each of `things`, at most `limit` under way; yields results in order. */
export async function* pipelined<Thing, Result>(
  things: AsyncIterable<Thing> | Iterable<Thing>,
  limit: number,
  work: (thing: Thing) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = []
  try {
    for await (const thing of things) {
      const begun = work(thing)
      // Awaited below in its turn; until then a failure is not "unhandled".
      begun.catch(() => undefined)
      underWay.push(begun)
      const oldest = underWay.length >= limit ? underWay.shift() : undefined
      if (oldest !== undefined) yield await oldest
    }
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) yield await next
  } finally {
    await Promise.allSettled(underWay)
  }
}

/** Runs works of one name one after the other, works of different names side by side. */
export function inTurn<Result>(): (name: string, work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const before = last.get(name)
    const turn = before === undefined ? work() : before.then(work, work)
    last.set(name, turn)
    const ended = () => {
      if (last.get(name) === turn) last.delete(name)
    }
    turn.then(ended, ended)
    return turn
  }
}
