/**
 * Work on many things at once, with a bound on how many are under way and results in the order
 * of the things. The first failure ends it, after what was begun has ended.
 */

/**
 * `work` on each of `things`, at most `limit` under way; yields results in order. Where the
 * things end with an error, the results of those before it come first.
 */
export async function* pipelined<Thing, Result>(
  things: AsyncIterable<Thing> | Iterable<Thing>,
  limit: number,
  work: (thing: Thing) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = []
  try {
    for await (const step of stepsOf(things)) {
      // Awaited in its turn, behind those before it; until then it is not "unhandled".
      const begun = step.type === 'thing' ? work(step.thing) : Promise.reject(step.problem)
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

type Step<Thing> =
  | { readonly type: 'thing'; readonly thing: Thing }
  | { readonly type: 'failed'; readonly problem: unknown }

/** The things, and at the end of a list that failed its failure. */
async function* stepsOf<Thing>(
  things: AsyncIterable<Thing> | Iterable<Thing>,
): AsyncGenerator<Step<Thing>> {
  try {
    for await (const thing of things) yield { type: 'thing', thing }
  } catch (problem) {
    yield { type: 'failed', problem }
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
